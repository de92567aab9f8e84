/// Word lists that do not depend on a topic, and the words of languages other than English.
enum GrammarLists {
    static let shared: [String: [String]] = [
        "when": words(
            "tomorrow, in winter, at night, before the weekend, this month, after work, on holiday, right away"
        ),
        "person": words(
            "a beginner, my neighbour, a busy nurse, a retired teacher, my boss, a ten-year-old, a new hire, an engineer, my flatmate, a shop owner, a sceptic, an apprentice"
        ),
        "relative": words("mother, brother, grandmother, cousin, daughter, uncle, partner, son"),
        "mood": words("nervous, excited, confused, annoyed, curious, unsure, stressed, happy"),
        "unit": words("hours, days, weeks, litres, metres, euros, helpers, evenings"),
        "city": words(
            "Porto, Leipzig, Cork, Tampere, Ghent, Turin, Osaka, Lima, Nairobi, Hanoi, Quito, Bergen, Graz, Lyon, Adelaide, Denver, Halifax, Pune, Accra, Riga"
        ),
        "name": words(
            "Mara, Tomas, Ines, Oskar, Leila, Jun, Priya, Anton, Sofia, Kwame, Elif, Noor, Bram, Yuki, Carla, Dmitri, Wanjiru, Pablo, Greta, Hugo, Amara, Felix, Nadia, Ravi"
        ),
        "day": words(
            "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday, the 14th, next week"),
        "money": words(
            "40 euros, 120 euros, 900 dollars, 15 pounds, 2,300 euros, 60 francs, 75 dollars"),
        "step": words(
            "measure twice, wait an hour, turn it off, write everything down, ask for a quote, let it cool, check the label, start small, take a photo, mix well, remove the cover, call ahead"
        ),
        "style": words(
            "formal, cheerful, concise, persuasive, neutral, poetic, technical, humorous"),
        "quality": words(
            "price, durability, comfort, safety, speed, accuracy, effort, noise, range, taste"),
        "tongue": words(
            "Spanish, German, Finnish, Vietnamese, Swahili, Portuguese, Korean, Polish"),
        "lang": words("Python, Swift, Rust, Go, TypeScript, Java, C++, Ruby, Kotlin"),
        "lang2": words("Python, Swift, Rust, Go, TypeScript, Java, Haskell, C"),
        "arg": words(
            "a list of intervals, a string of brackets, two sorted arrays, a matrix of zeros and ones, a stream of events, a tree of folders, a dictionary of prices, a list of dates, a binary tree, a CSV row, a graph of cities, a list of words"
        ),
        "result": words(
            "the longest run, the merged intervals, the number of islands, the median, the shortest path, the top five entries, a balanced tree, the missing value, the total per month, a sorted copy, the first duplicate, the checksum"
        ),
        "edge": words(
            "empty input, negative numbers, duplicates, overflow, missing keys, non-ASCII text, a single element, unsorted input, a timeout, a null pointer"
        ),
        "verb": words(
            "merge, parse, count, split, find, build, load, filter, rank, pack, scan, fold, encode, trim"
        ),
        "noun": words(
            "items, rows, ranges, tokens, nodes, events, prices, paths, words, blocks, orders, users"
        ),
        "var": words("total, best, left, seen, index, queue, pairs, acc, last, width"),
    ]

    /// Words for the frames of the languages other than English.
    static let foreign: [Language: [String: [String]]] = [
        .german: [
            "thing": words(
                "den Balkongarten, die Steuererklärung, das Lastenrad, den Mietvertrag, die Wärmepumpe, das Sauerteigbrot, die Bewerbung, den Sprachkurs, die Doktorarbeit, das Gartenhaus"
            ),
            "act": words("planen, verbessern, reparieren, erklären, vorbereiten, vergleichen"),
            "worry": words("Ärger, hohe Kosten, Schimmel, Verspätung, Missverständnisse, Lärm"),
            "person": words("meine Oma, ein Anfänger, mein Chef, die Nachbarin"),
            "when": words("im Winter, nächste Woche, heute noch, im Urlaub"),
        ],
        .spanish: [
            "thing": words(
                "la declaración de la renta, una paella, el contrato de alquiler, la bicicleta, el examen de física, un huerto, la mudanza, el currículum, una novela corta, el seguro"
            ),
            "act": words("preparar, mejorar, arreglar, entender, organizar, comparar"),
            "worry": words("problemas, retrasos, gastos extra, errores, estrés, ruido"),
            "person": words("mi abuela, un principiante, mi jefa, mis alumnos"),
            "when": words("en verano, mañana, este mes, de noche"),
        ],
        .french: [
            "thing": words(
                "le dossier de location, une tarte aux pommes, le chauffage, un voyage en train, le mémoire de fin d'études, le potager, un vélo électrique, la lettre de motivation, le budget du ménage"
            ),
            "act": words("préparer, améliorer, réparer, comprendre, organiser, choisir"),
            "worry": words("des retards, des fuites, du stress, des erreurs, trop de bruit"),
            "person": words("ma grand-mère, un débutant, mon patron, mes élèves"),
            "when": words("en hiver, demain, ce mois-ci"),
        ],
        .chinese: [
            "thing": words("阳台花园, 租房合同, 电动车, 毕业论文, 家庭预算, 红烧茄子, 英语口语, 健身计划, 数据库备份, 旅行路线, 猫粮, 简历"),
            "act": words("准备, 改进, 选择, 学习, 安排, 比较"),
            "worry": words("出错, 超支, 太累, 失败, 延误, 漏水"),
            "city": words("成都, 杭州, 西安, 厦门, 昆明, 青岛"),
            "name": words("小林, 阿敏, 王老师, 陈姐, 小周"),
        ],
        .portuguese: [
            "thing": words(
                "o contrato de aluguel, uma horta, a bicicleta, o trabalho final, o orçamento da casa, um bolo de milho, a entrevista de emprego, o curso de inglês"
            ),
            "act": words("preparar, melhorar, consertar, organizar, comparar"),
            "worry": words("atrasos, erros, gastos, estresse, barulho"),
            "person": words("minha avó, um iniciante, meu chefe"),
        ],
    ]

    static func words(_ text: String) -> [String] {
        text.split(separator: ",").map { word in
            String(word.drop { $0 == " " })
        }
    }
}
