import Watermarking

/// What reads a document's mark: token ids by a scheme, or the words of its text.
package enum MarkReader: Sendable {
    /// Turns UTF-8 text into token ids.
    package typealias Encoder = @Sendable (UnsafeBufferPointer<UInt8>) throws -> [UInt32]

    /// Token ids; texts through the encoder, if there is one.
    case tokens(WatermarkDetector, Encoder?)
    /// Texts chosen among candidates.
    case words(CandidateChoice)
}

/// What was read of one line.
package struct MarkedDocument: Sendable {
    package enum Outcome: Sendable {
        case detection(WatermarkDetection)
        case bad(BadDocument)
    }

    /// Its id, or file and line.
    package let id: String
    package let path: String
    /// From 1.
    package let line: Int
    package let outcome: Outcome
}
