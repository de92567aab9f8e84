/// Sentence frames of the built-in grammar. Slots: `{thing}`, `{other}`, `{act}`, `{worry}`, `{topic}` come from one
/// topic; the rest from the lists of `GrammarLists`.
enum GrammarFrames {
    static let chat = lines(
        """
        how do i {act} a {thing} without {worry}
        My {thing} keeps giving me {worry}, what should I try first?
        is it worth it to {act} the {thing} {when}
        what's the difference between a {thing} and a {other}?
        {person} told me to {act} the {thing} before the {other}. Is that right?
        I have {n} {unit} and a {thing}. Can I {act} it {when}?
        explain {topic} to me like I'm {n}, start with the {thing}
        ok but what about the {other}? does {worry} matter there
        can you make that shorter and mention the {thing}
        Why does {worry} happen when I {act} the {thing}?
        give me {n} ideas for a {thing} for {person}
        I'm {mood} about the {thing}. {person} says {worry} is normal, but is it?
        Write me a message to {person} about the {thing}, not too formal please
        what would you do: {act} the {thing} now or wait for the {other}?
        I tried to {act} the {thing} and got {worry}. Here is what I did: {step}, then {step}. What went wrong?
        any book or video on {topic} you'd suggest for {person}?
        tell me something surprising about the {thing}
        Let's plan it: day one the {thing}, day two the {other}. What am I forgetting?
        hmm that didn't work, still {worry}
        Can you turn this into a list: {thing}, {other}, {step}, {step}
        we have {money} for the {thing}, is that enough in {city}?
        Does {act}ing a {thing} help against {worry} or is that a myth
        roast my plan to {act} the {thing} {when}
        who invented the {thing} anyway
        In {city} they {act} the {thing} differently. Why?
        quick one: {thing} or {other} for a beginner?
        I need to decide by {day} whether to {act} the {thing}. Pros and cons please.
        help, {worry} again!! the {thing} was fine on {day}
        can you check my text: "Dear {name}, the {thing} will be ready by {day}, sorry for the {worry}."
        How long does it take to {act} a {thing} if you only have {n} {unit}?
        What questions should I ask before I {act} the {thing}?
        continue please
        My {relative} wants to {act} our {thing} and I think the {other} is better. How do I say that nicely?
        Summarise what we said about the {thing} so I can send it to {name}
        I read that {worry} comes from the {other}, true?
        Make a {n}-day plan so that I can {act} the {thing} by {day}
        could the {thing} be dangerous? it's for my {relative}
        which {thing} would suit a small flat in {city}
        """)

    static let instruct = lines(
        """
        Explain how to {act} a {thing} so that {worry} is avoided.
        List {n} reasons why {worry} occurs in {topic}.
        Write a {style} paragraph about the {thing}.
        Compare the {thing} and the {other} in terms of {quality} and {quality}.
        Classify the following statement as fact or opinion: "To {act} a {thing} always causes {worry}."
        Given the input, produce a title of at most {n} words.\\n\\nInput: a guide for {person} on how to {act} a {thing}
        Rewrite the sentence in a {style} tone.\\n\\nSentence: You must {act} the {thing} before the {other}.
        Generate {n} quiz questions about {topic} with answers, one of which concerns the {thing}.
        Identify the cause and the effect in this sentence: {name} wanted to {act} the {thing}, which led to {worry}.
        Describe the role of the {thing} in {topic} to {person}.
        Create a dialogue between {name} and {name} in which they {act} a {thing}.
        Extract all nouns from: {name} had to {act} the {thing} near {city} because of {worry}.
        Propose an experiment that shows whether the {thing} reduces {worry}.
        Fill in the blank: A person who can {act} a {thing} needs _____.
        Summarise the argument in one sentence: Some hold that the {thing} matters more than the {other}, since {worry} costs {money} a year; others point to {quality}.
        Translate into {tongue}: "{name} will {act} the {thing} on {day}."
        Suggest a better word for "{worry}" in the context of {topic}.
        Write a persona description of {person} who has to {act} a {thing} every {day}.
        Design a checklist of {n} items for {topic}, covering the {thing} and the {other}.
        Is the following reasoning valid? All {thing}s need care. The {other} needs care. Therefore the {other} is a {thing}.
        Convert the recipe-like steps into numbered instructions: {step}; {step}; {act} the {thing}.
        Name {n} historical developments that changed how people {act} the {thing}.
        Answer the question with a short justification: should {person} {act} the {thing} {when}?
        Produce a JSON object describing a {thing} with the fields name, purpose, risk and cost.
        Construct an analogy between {topic} and {topic2}.
        Determine the sentiment of the review: "The {thing} gave us {worry}, yet {name} was helpful."
        Write a haiku about {worry} and a {thing}.
        Rank the following by importance for {topic}: {thing}, {other}, {quality}, {quality}.
        """)

    static let mathematics = lines(
        """
        {name} buys {n} boxes of {m} pens and gives {k} pens to {name}. How many pens are left if {n} of them are broken?
        A train leaves {city} at {n} km/h and another follows {k} hours later at {m} km/h. When do they meet?
        If f(x) = {n}x^2 - {m}x + {k}, find the minimum of f.
        {name} saves {money} in the first month and {n}% more every month. How much after {k} months?
        A tank holds {m} litres and fills at {n} litres a minute while leaking {k}. How long until it is full?
        Find all integers x such that {n}x leaves remainder {k} when divided by {m}.
        How many ways are there to seat {n} people around a table if {k} of them refuse to sit together?
        A bag holds {n} red and {m} blue marbles. Two are drawn. What is the chance that they differ in colour?
        The sides of a triangle are {n}, {m} and {k} more than {n}. Compute its perimeter and decide whether it exists.
        Evaluate the sum of the first {m} odd numbers that are not divisible by {k}.
        A rectangle's length is {n} times its width and its area is {m} square metres. What is its diagonal?
        {name} reads {n} pages a day and {name} reads {m}. After how many days do they differ by {k} times {n} pages?
        """)

    static let code = lines(
        """
        Write a {lang} function `{fn}` that takes {arg} and returns {result}. Handle {edge}.
        Complete the following {lang} function.\\n\\n{snippet}
        Find the bug in this {lang} code and explain the fix:\\n\\n{snippet}
        Add unit tests in {lang} for a function `{fn}` which maps {arg} to {result}, including {edge}.
        Refactor this {lang} code for readability and give the complexity:\\n\\n{snippet}
        Translate this from {lang} to {lang2}:\\n\\n{snippet}
        Given {arg}, design an algorithm that computes {result} in linear time and write it in {lang}.
        Write a {lang} class that caches {result} for {arg}, with an eviction rule for {edge}.
        Explain line by line what this does:\\n\\n{snippet}
        Implement a {lang} command-line program that reads {arg} from standard input and prints {result}.
        """)

    static let codeChat = lines(
        """
        {lang} {fn} fails with {edge}, any idea?\\n\\n{snippet}
        how do i get {result} from {arg} in {lang}
        getting weird output since I touched {fn}:\\n{snippet}\\nexpected {result}
        can you add logging to this\\n\\n{snippet}
        what's the idiomatic {lang} way to turn {arg} into {result}?
        why is {fn} slow for {arg}? {edge} doesn't happen in prod
        write the docstring for {fn}, it takes {arg} and gives back {result}
        my colleague {name} says this {lang} is unsafe, is it?\\n{snippet}
        """)

    static let templated = lines(
        """
        Review: "{name} says the {thing} had {worry} but good {quality}." Is the sentiment positive, negative or neutral? Answer:
        Premise: {name} will {act} the {thing} on {day}.\\nHypothesis: the {other} is not needed.\\nEntailment, contradiction or neutral?
        Extract the fields `item`, `issue` and `city` as JSON.\\n\\nTicket: I bought a {thing} in {city} and now have {worry}. - {name}
        Document: order {m}{n}{k}, {thing}, {n} pieces, deliver to {city} by {day}. Note: {worry}.\\nReturn the delivery date only.
        Question: Which of these belongs to {topic}?\\nA) {thing2}\\nB) {thing}\\nC) none\\nAnswer with one letter.
        Summarise the call in one sentence.\\nCaller {name} from {city} wants to {act} a {thing}, complains of {worry} and offers {money}.
        Translate to {tongue} and keep product names:\\nPlease {act} the {thing} before {day}.
        Rate the relevance from 0 to 3.\\nQuery: {act} {thing}\\nPassage: The {other} is often mentioned with {worry} in {topic}.
        Title: {thing} and {other} in {city}\\nAssign one of the categories: {topic}, {topic2}, other.
        Does the word "{worry}" describe the {thing}? true or false:
        """)

    static let judged = lines(
        """
        [Question]\\nHow would you {act} a {thing}?\\n\\n[Answer A]\\nBegin with the {other}; {step}. Then {step}.\\n\\n[Answer B]\\nNever {act} it {when}, because of {worry}.\\n\\nWhich answer is better, and why? End with A, B or tie.
        Score the reply for helpfulness from 1 to 10.\\nUser: {worry} with my {thing}!\\nReply: Please {step} and then {act} the {other}.
        """)

    static let steps = lines(
        """
        Found {n} matches for "{fn}" in src/{fn}_{k}.py\\nline {m}: def {fn}(value):\\nline {n}{k}:     return value\\n(current directory: /repo)
        $ pytest -q tests/test_{fn}.py\\nF{n} failed, {m} passed in {k}.2s\\nE   assert {fn}({arg}) == {result}
        exit status {k}\\n{snippet}\\n(file has {m}{n} lines)
        Edit applied to src/{fn}.py. {n} lines changed.\\n{snippet}
        http 200 {{"status":"ok","items":{n},"next":"{fn}-{m}"}}
        error: {edge} in {fn} at line {m}\\nhint: check {arg}
        """)

    static let german = lines(
        """
        Wie kann ich {thing} am besten {act}?
        Erkläre mir bitte {thing} in einfachen Worten, {person} versteht es nicht.
        Was kostet {thing} ungefähr in {city}, und lohnt sich das {when}?
        Schreib eine kurze Nachricht an {name} wegen {thing}.
        Nenne {n} Vor- und Nachteile von {thing}.
        Warum gibt es bei {thing} immer wieder {worry}?
        """)

    static let spanish = lines(
        """
        ¿Cómo puedo {act} {thing} sin {worry}?
        Explícame {thing} como si tuviera {n} años.
        Escribe un mensaje para {name} sobre {thing}, en tono amable.
        ¿Cuánto cuesta {thing} en {city} {when}?
        Dame {n} ideas sobre {thing} para {person}.
        Tengo {worry} con {thing}, ¿qué hago primero?
        """)

    static let french = lines(
        """
        Comment {act} {thing} sans {worry} ?
        Peux-tu m'expliquer {thing} simplement, pour {person} ?
        Écris un court message à {name} au sujet de {thing}.
        Donne {n} conseils pour {thing} à {city}.
        Pourquoi est-ce que j'ai {worry} avec {thing} ?
        Résume les avantages de {thing} en {n} points.
        """)

    static let chinese = lines(
        """
        怎么{act}{thing}才不会{worry}？
        请用简单的话解释一下{thing}。
        {thing}在{city}大概要多少钱？
        给{name}写一条关于{thing}的短信。
        列出{thing}的{n}个优点和缺点。
        我的{thing}总是{worry}，是什么原因？
        """)

    static let portuguese = lines(
        """
        Como posso {act} {thing} sem {worry}?
        Explique {thing} para {person} em {n} frases.
        Escreva uma mensagem para {name} sobre {thing}.
        Vale a pena {act} {thing} em {city}?
        Quais são os problemas mais comuns com {thing}?
        """)

    static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { String($0.replacing("\\n", with: "\n")) }
    }
}
