extension Rule {
    /// The rules that ship with Stillwatch. Users add their own in a rule file; these stay in force beside them.
    public static let defaults: [Rule] = [
        // Asking for reasoning rather than for an answer.
        Rule(
            "elicit.articulate", .elicitation,
            #"(articulate|write out|spell out|reconstruct|reveal|disclose|expose|externali[sz]e)\b.{0,40}\b(reasoning|thinking|thought process|chain[- ]of[- ]thought|deliberation|inner monologue|working memory|scratchpad)"#
        ),
        Rule(
            "elicit.tags", .elicitation,
            #"(inside|within|between|in|using|wrap.{0,30}|enclose.{0,30})\s+[`'"]?<(think|thinking|thought|reasoning|scratchpad|cot|analysis|reflection|inner_monologue)>"#
        ),
        Rule(
            "elicit.behind_answer", .elicitation,
            #"(reasoning|thinking|logic|deliberation) (behind|that led to|leading (up )?to) (the|your|this|each|a) (finished |final |given )?(answer|solution|response|conclusion|decision)"#
        ),
        Rule(
            "elicit.full_trace", .elicitation,
            #"(full|complete|entire|unabridged|raw|verbatim|every step of your|hidden|internal) (chain[- ]of[- ]thought|reasoning (trace|process|steps)|thought process|thinking process|train of thought)"#
        ),
        Rule(
            "elicit.translate_memory", .elicitation,
            #"translate (your|the) (working memory|internal (state|reasoning|thoughts)|hidden (reasoning|thoughts))"#
        ),
        Rule(
            "elicit.think_aloud", .elicitation,
            #"(think out loud|think aloud|narrate your (thinking|thought|reasoning))"#),
        Rule(
            "elicit.before_answer", .elicitation,
            #"(before|prior to) (giving|stating|writing|producing|you give) (the|your|an|any) (final )?answer\b.{0,60}\b(reason|think|thought|step)"#
        ),
        Rule("elicit.zh", .elicitation, #"(完整|详细|内部|全部).{0,6}(思维链|推理过程|思考过程)"#),

        // Judging answers.
        Rule(
            "rubric.scale", .rubric,
            #"(score|rate|grade|rank|evaluate|assess)\b.{0,80}\b(on a scale (of|from)|from 0 to|from 1 to|out of (5|10|100)|between 1 and|1-5|1-10)"#
        ),
        Rule(
            "rubric.word", .rubric,
            #"\b(rubric|grading criteria|scoring criteria|evaluation criteria|reward model|preference (label|pair|judg))"#
        ),
        Rule(
            "rubric.compare", .rubric,
            #"(which (of the (two )?)?(response|answer|assistant|completion|output)s? is better|assistant a.{0,400}assistant b|response a.{0,400}response b|(chosen|rejected) (response|answer))"#
        ),
        Rule(
            "rubric.judge", .rubric,
            #"(act as|you are) (an? )?(impartial|fair|strict|expert|meticulous)? ?(judge|grader|evaluator|annotator)\b"#
        ),
        Rule("rubric.zh", .rubric, #"(评分标准|打分|请.{0,8}评分)"#),

        // Making training data.
        Rule(
            "datagen.new_prompt", .dataGeneration,
            #"(create|generate|write|produce|come up with|draft) (an? )?(brand new|new|novel|diverse|different|\d+|several|more) .{0,30}(prompts?|instructions?|tasks?|questions?|examples?|dialogues?|conversations?|scenarios?)\b"#
        ),
        Rule(
            "datagen.rewrite_prompt", .dataGeneration,
            #"(rewrite|evolve|complicate) (the|this|a)? ?(given |#given )?(prompt|instruction|question)"#
        ),
        Rule(
            "datagen.dataset", .dataGeneration,
            #"(fine-?tun(e|ing)|training|synthetic|instruction[- ]tuning|sft|rlhf|dpo) (data|dataset|examples?|samples?|corpus|pairs?)\b"#
        ),
        Rule("datagen.persona", .dataGeneration, #"(persona|character)s?:\s"#),
        Rule(
            "datagen.simulate_dialogue", .dataGeneration,
            #"(conversation|dialogue) between (a|an|the) (human|user|person|customer)\b.{0,40}\b(assistant|ai|bot|agent)"#
        ),
        Rule(
            "datagen.qa_pairs", .dataGeneration,
            #"(question[- ]?(and|&|-)[- ]?answer|q&a|qa) pairs?"#),

        // Probing.
        Rule(
            "probe.degraded", .probing,
            #"(are you|have you been|did you get|why are you).{0,20}(degraded|nerfed|throttled|dumber|worse|watermark)"#
        ),
        Rule(
            "probe.identity", .probing,
            #"(what|which) (model|version|llm) are you|your (knowledge|training) cut-?off|repeat (your|the) system prompt"#
        ),

        // Abilities.
        Rule(
            "code.words", .coding,
            #"\b(python|javascript|typescript|java|c\+\+|rust|golang|sql|html|css|bash|regex|function|compile|compiler|debug|refactor|unit tests?|stack trace|traceback|segfault|api endpoint|codebase|pull request|git)\b"#
        ),
        Rule(
            "code.syntax", .coding,
            #"(```|def \w+\(|#include|public static|=> ?\{|;\s*\n\s*\}|import \w+|SELECT .{1,60} FROM )"#
        ),
        Rule(
            "math.words", .mathematics,
            #"\b(equation|integral|derivative|theorem|prove that|probability|polynomial|how many|how much|what is \d+|sum of|percent|triangle|solve for|algebra|geometry|calculate|remainder|divided by)\b"#
        ),
        Rule(
            "math.symbols", .mathematics,
            #"(\\frac|\\sqrt|\$[^$]{1,60}=[^$]{1,60}\$|\d+ ?[+*/^] ?\d+ ?=)"#),
        Rule(
            "reason.words", .reasoning,
            #"(step[- ]by[- ]step|logic puzzle|deduce|infer|premise|hypothesis|entail|contradict|reasoning first|therefore|riddle|which of the following)"#
        ),
        Rule(
            "agent.words", .agentic,
            #"\b(tool[_ ]call|function call|observation:|action:|browser|click on|screenshot|terminal|shell command|execute the|file system|working directory|open the file|run the (tests?|command)|next action|sub-?agent)\b"#
        ),
        Rule(
            "translate.words", .translation,
            #"\b(translate|translation|in (french|spanish|german|chinese|japanese|korean|russian|arabic|portuguese|italian|hindi))\b"#
        ),
        Rule("translate.zh", .translation, #"(翻译|译成)"#),
        Rule(
            "summary.words", .summarization,
            #"\b(summari[sz]e|summary|tl;?dr|key points|main points|in one sentence|shorten)\b"#),
        Rule(
            "writing.words", .writing,
            #"\b(write (a|an|me|the)|poem|story|essay|email|blog post|headline|slogan|lyrics|cover letter|paragraph about|speech)\b"#
        ),
        Rule(
            "knowledge.words", .knowledge,
            #"\b(who (is|was|were|invented|wrote)|what (is|are|was) (the|a|an)|when (did|was|is)|where (is|was|are)|why (do|does|is|are|did)|explain|define|describe|history of)\b"#
        ),
        Rule(
            "medicine.words", .medicine,
            #"\b(symptom|diagnos|patient|treatment|disease|medication|dosage|clinical|surgery|therapy)"#
        ),
        Rule("medicine.zh", .medicine, #"(症状|诊断|治疗|患者|药物|手术)"#),
        Rule(
            "law_finance.words", .lawAndFinance,
            #"\b(contract|lawsuit|liability|clause|tax|invoice|loan|mortgage|interest rate|stock|portfolio|credit (card|score)|bank|balance sheet|revenue)\b"#
        ),
        Rule("law_finance.zh", .lawAndFinance, #"(贷款|还款|信用卡|账单|合同|花呗|借呗)"#),
        Rule(
            "extract.words", .extraction,
            #"\b(classify|categori[sz]e|extract|label|sentiment|named entit|paraphrase|rewrite|fill in the blank|rephrase|convert .{1,30} (to|into) (json|csv|table))\b"#
        ),
        Rule(
            "sanitize.words", .sanitizing,
            #"(without (mentioning|naming|referring to)|avoid(s|ing)? (any )?(mention|reference)|politically (neutral|safe|acceptable)|censor|redact|sensitive (topic|content|word)s?|safe version)"#
        ),
    ]

    fileprivate init(_ id: String, _ category: Category, _ pattern: String) {
        self.init(id: id, category: category, pattern: pattern)
    }
}
