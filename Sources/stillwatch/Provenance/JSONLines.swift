import Documents
import Foundation

/// Small files with a JSON value on each line, read whole.
enum JSONLines {
    /// Hands on every value that is not on a blank line.
    ///
    /// - Throws: `BadDocument` with file and line for what cannot be read and for what `body` refuses.
    static func read<Value: Decodable>(
        _ path: String, _ type: Value.Type, largest: Int, _ body: (Value, Int) throws -> Void
    ) throws {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw BadDocument("\(path): cannot be read; check the path and its permissions")
        }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: largest + 1) ?? Data()
        } catch {
            throw BadDocument("\(path): cannot be read; is it a file?")
        }
        guard data.count <= largest else {
            throw BadDocument("\(path): larger than \(largest) bytes; is it the right file?")
        }
        let decoder = JSONDecoder()
        for (index, line) in data.split(separator: 0x0A, omittingEmptySubsequences: false)
            .enumerated() where !line.allSatisfy({ [0x20, 0x09, 0x0D].contains($0) })
        {
            do {
                try body(try decoder.decode(type, from: Data(line)), index + 1)
            } catch let error as DecodingError {
                throw BadDocument("\(path), line \(index + 1): \(reason(error))")
            } catch {
                throw BadDocument("\(path), line \(index + 1): \(error)")
            }
        }
    }

    private static func reason(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, _): "no field '\(key.stringValue)'"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "field '\(context.codingPath.map(\.stringValue).joined(separator: "."))' has another type"
        default: "not JSON"
        }
    }
}
