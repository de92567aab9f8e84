import Foundation
import Testing

@testable import Tokenizing

@Suite struct NormalizationTests {
    private static func text(_ form: NormalizationForm, _ text: String) -> [UInt32] {
        UTF8Text.scalars(form.normalized(Array(text.utf8)))
    }

    /// A text and its forms, as `tokenizers` gave them.
    private struct Vector: Decodable {
        let text: String
        let forms: [String: String]
    }

    @Test(arguments: ["NFC", "NFD", "NFKC", "NFKD"]) func formsAreThoseOfTokenizers(name: String)
        throws
    {
        let form = try #require(
            [
                "NFC": NormalizationForm.nfc, "NFD": .nfd, "NFKC": .nfkc, "NFKD": .nfkd,
            ][name])
        let vectors = try JSONDecoder().decode(
            [Vector].self,
            from: Data(
                contentsOf: FixtureTests.folder.appendingPathComponent("normalization.json")))
        #expect(vectors.count > 100)
        for vector in vectors {
            let expected = try #require(vector.forms[name])
            #expect(
                Self.text(form, vector.text) == expected.unicodeScalars.map(\.value),
                "\(vector.text.unicodeScalars.map { $0 })")
        }
    }

    @Test func marksOfOneClassKeepTheirOrderInLongRuns() {
        var random = SeededRandom(seed: 7)
        let above: [UInt32] = [0x301, 0x302, 0x303, 0x308]
        let below: [UInt32] = [0x323, 0x324, 0x325]
        let marks = (0..<20_000).map { _ in
            random.next(below: 2) == 0
                ? above[Int(random.next(below: 4))] : below[Int(random.next(below: 3))]
        }
        let text = String(
            String.UnicodeScalarView(([0x7A] + marks).compactMap { Unicode.Scalar($0) }))
        #expect(
            Self.text(.nfd, text)
                == [0x7A] + marks.filter { below.contains($0) }
                + marks.filter { above.contains($0) })
    }

    @Test func scalarsNewerThanTheTablesStayAsTheyAre() {
        // A square of Unicode 12.1, and a mark of Unicode 10 that sorts first in newer tables.
        #expect(Self.text(.nfkd, "\u{32FF}") == [0x32FF])
        #expect(Self.text(.nfd, "a\u{301}\u{1DF9}") == [0x61, 0x301, 0x1DF9])
    }
}
