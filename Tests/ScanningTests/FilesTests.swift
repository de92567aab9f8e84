import Foundation
import Testing

@testable import Scanning

@Suite struct InputSetTests {
    @Test func `folders, patterns and repeats give each log file once, in order`() throws {
        let folder = Folder()
        let b = try folder.write("b.jsonl.gz", text: "")
        let a = try folder.write("a.log", text: "")
        try folder.write("notes.txt", text: "")
        let inputs = try InputSet([b, folder.path, folder.path + "/*.log", a])
        #expect(inputs.files.map(\.path) == [a, b])
        #expect(inputs.files.map(\.packing) == [.plain, .gzip])
    }

    @Test func `a file of several names is read once, under the shortest`() throws {
        let folder = Folder()
        let path = try folder.write("a.jsonl", text: "")
        let link = folder.path + "/a-link.jsonl"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
        let roundabout = folder.path + "/./a.jsonl"
        for names in [[roundabout, path], [path, roundabout], [link, folder.path, folder.path]] {
            #expect(try InputSet(names).files.map(\.path) == [path], "\(names)")
        }
    }

    @Test func `a missing path is named`() throws {
        let path = Folder().path + "/nothing"
        do {
            _ = try InputSet([path])
            Issue.record("a missing path was accepted")
        } catch {
            guard case .notFound(let found) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(found == path)
        }
    }

    @Test func `a folder without logs is an error`() throws {
        let folder = Folder()
        try folder.write("notes.txt", text: "")
        #expect(throws: ScanError.self) { _ = try InputSet([folder.path]) }
    }
}

@Suite struct OutputFolderTests {
    private static let files = [("a.json", Array("1".utf8)), ("b.json", Array("2".utf8))]

    @Test func `makes the folder and writes all files`() throws {
        let folder = Folder()
        let output = try OutputFolder(path: folder.path + "/deep/er")
        try output.write(Self.files.map { (name: $0.0, bytes: $0.1) })
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/deep/er")
        #expect(names.sorted() == ["a.json", "b.json"])
    }

    @Test func `a folder in a file's place leaves nothing written`() throws {
        let folder = Folder()
        try FileManager.default.createDirectory(
            atPath: folder.path + "/b.json", withIntermediateDirectories: false)
        let output = try OutputFolder(path: folder.path)
        #expect(throws: ScanError.self) {
            try output.write(Self.files.map { (name: $0.0, bytes: $0.1) })
        }
        #expect(folder.names == ["b.json"])
    }

    @Test func `a file in the folder's place is an error`() throws {
        let folder = Folder()
        let path = try folder.write("file", text: "")
        #expect(throws: ScanError.self) { _ = try OutputFolder(path: path) }
    }
}
