import Exchanges
import Foundation
import Scanning

/// Reads the account table.
enum AccountFile {
    static func read(_ path: String) throws -> AccountTable {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ScanError.accountTable(
                path: path, reason: "cannot be read; check the path and its permissions")
        }
        let isCSV =
            !(path.hasSuffix(".jsonl") || path.hasSuffix(".ndjson") || path.hasSuffix(".json"))
        // The JSON parser reads up to 64 bytes past the end of what it is given.
        var padded = [UInt8](data)
        padded.append(contentsOf: [UInt8](repeating: 0, count: 64))
        do {
            let table = try padded.withUnsafeBytes { bytes throws(AccountTableError) in
                try AccountTable.parse(
                    UnsafeRawBufferPointer(rebasing: bytes[..<data.count]), isCSV: isCSV)
            }
            for fault in table.faults.prefix(3) {
                Terminal.message("stillwatch: \(path): \(Terminal.safe("\(fault)"))")
            }
            if table.faults.count > 3 {
                Terminal.message("stillwatch: \(path): and \(table.faults.count - 3) more bad rows")
            }
            return table
        } catch {
            throw ScanError.accountTable(path: path, reason: "\(error)")
        }
    }
}
