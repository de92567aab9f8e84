/// What is wrong with a settings file, where, and what to do about it.
package struct SettingsError: Error, CustomStringConvertible, Equatable {
    /// The file's path as it was given.
    package let file: String
    /// The line, counted from 1.
    package let line: Int
    /// What is wrong; what to do.
    package let what: String

    package init(file: String, line: Int, what: String) {
        self.file = file
        self.line = line
        self.what = what
    }

    package var description: String { "\(file):\(line): \(what)" }
}
