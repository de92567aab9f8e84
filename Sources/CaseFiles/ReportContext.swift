/// What a report says besides the judgement: where the data came from, how well it could be read, and with what settings.
///
/// Holds event times only. Nothing in it may depend on when or where the scan ran, so that the same input gives the
/// same report to the byte.
public struct ReportContext: Sendable {
    /// One file, or standard input, that was read.
    public struct Input: Sendable, Equatable {
        /// The name to show, such as the path as given on the command line.
        public let name: String
        /// The log format it was read as, such as `litellm`.
        public let format: String
        /// Its size as stored, compressed or not.
        public let bytes: Int
        /// Exchanges decoded from it.
        public let exchanges: Int
        /// A digest of its bytes with the algorithm's name, such as `sha256:9f86...`.
        public let digest: String

        /// Makes an input.
        public init(name: String, format: String, bytes: Int, exchanges: Int, digest: String) {
            self.name = name
            self.format = format
            self.bytes = bytes
            self.exchanges = exchanges
            self.digest = digest
        }
    }

    /// All records that could not be read for one reason.
    public struct BadRecords: Sendable, Equatable {
        /// Stable label of the reason, such as `missing_field`.
        public let reason: String
        /// How many there are.
        public let count: Int
        /// The file of the first.
        public let firstFile: String
        /// Where the first begins in its file, in bytes.
        public let byteOffset: Int

        /// Makes a count of bad records.
        public init(reason: String, count: Int, firstFile: String, byteOffset: Int) {
            self.reason = reason
            self.count = count
            self.firstFile = firstFile
            self.byteOffset = byteOffset
        }
    }

    /// A setting the scan ran with.
    public struct Setting: Sendable, Equatable {
        /// Its name, such as `fdr`.
        public let name: String
        /// Its value as the user would write it.
        public let value: String

        /// Makes a setting.
        public init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// One number of the calibration, with what it means.
    public struct CalibrationNote: Sendable, Equatable {
        /// Its name.
        public let name: String
        /// Its value, already readable.
        public let value: String
        /// One sentence for a reader.
        public let explanation: String

        /// Makes a note.
        public init(name: String, value: String, explanation: String) {
            self.name = name
            self.value = value
            self.explanation = explanation
        }
    }

    /// The report's title.
    public var title: String
    /// Version of the program.
    public var version: String
    /// First event time of the scan in microseconds since 1970; `nil` when no exchange was read.
    public var firstMicroseconds: Int64?
    /// Last event time of the scan in microseconds since 1970; `nil` when no exchange was read.
    public var lastMicroseconds: Int64?
    /// Accounts seen.
    public var accounts: Int
    /// Exchanges read.
    public var exchanges: Int
    /// Bytes read, as stored.
    public var bytesRead: Int
    /// What was read, in the order to show.
    public var inputs: [Input]
    /// Records that could not be read, by reason.
    public var badRecords: [BadRecords]
    /// Records that are sound but no exchanges, such as spans of other kinds.
    public var ignoredRecords: Int
    /// The settings of the scan, in the order to show.
    public var settings: [Setting]
    /// How the error rates were calibrated.
    public var calibration: [CalibrationNote]
    /// Whether the user asked for the text of example prompts.
    public var showsText: Bool

    /// A context without data, to be filled in.
    public init(title: String, version: String) {
        self.title = title
        self.version = version
        firstMicroseconds = nil
        lastMicroseconds = nil
        accounts = 0
        exchanges = 0
        bytesRead = 0
        inputs = []
        badRecords = []
        ignoredRecords = 0
        settings = []
        calibration = []
        showsText = false
    }
}
