/// The lines of one file, packed or not, from an offset on.
package struct LineRange {
    private let file: InputFile
    private let offset: Int64

    /// - Parameter offset: of a line's first byte, in unpacked bytes.
    package init(path: String, from offset: Int64) throws(ScanError) {
        guard let file = try InputSet([path]).files.first else { throw .noExchanges }
        self.file = file
        self.offset = offset
    }

    /// Goes over the lines, each without its line feed and followed by readable padding. Those that are longer than the
    /// limit, in bytes, are left out.
    package func forEach(
        limit: Int, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(ScanError) {
        let reader = LineReader(try file.source(offset: offset), offset: offset, limit: limit)
        while let line = try reader.next() { if !line.isTooLong { body(line.bytes) } }
    }
}
