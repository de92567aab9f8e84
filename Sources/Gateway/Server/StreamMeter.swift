import Exchanges

/// Reads a stream's events for what they say of the answer, some at a time: parsing many at once costs a fraction of
/// parsing each as it passes, and memory stays bounded whatever the answer's length.
struct StreamMeter {
    /// A JSON array of events, without its closing bracket.
    private var events: [UInt8] = []
    private var starts: [Int32] = []
    private static let batchBytes = 8 << 10

    /// Notes the data of an event.
    mutating func add(
        _ data: UnsafeRawBufferPointer, _ reader: BodyReader, into answer: inout AnswerSoFar
    ) {
        guard data.count > 0 else { return }
        events.append(events.isEmpty ? UInt8(ascii: "[") : UInt8(ascii: ","))
        starts.append(Int32(events.count))
        events.append(contentsOf: data)
        if events.count >= Self.batchBytes { read(reader, into: &answer) }
    }

    /// Reads what was noted.
    mutating func read(_ reader: BodyReader, into answer: inout AnswerSoFar) {
        guard !events.isEmpty else { return }
        events.append(UInt8(ascii: "]"))
        let isRead = events.withUnsafeBytes { bytes in
            do throws(BadRecord) {
                try reader.answer(bytes, into: &answer)
                return true
            } catch {
                return false
            }
        }
        if !isRead { readOneByOne(reader, into: &answer) }
        events.removeAll(keepingCapacity: events.capacity <= 2 * Self.batchBytes)
        starts.removeAll(keepingCapacity: true)
    }

    /// One event that is no JSON does not hide the others.
    private func readOneByOne(_ reader: BodyReader, into answer: inout AnswerSoFar) {
        for index in starts.indices {
            let end = index + 1 < starts.count ? Int(starts[index + 1]) - 1 : events.count - 1
            var one: [UInt8] = [UInt8(ascii: "[")]
            one.append(contentsOf: events[Int(starts[index])..<end])
            one.append(UInt8(ascii: "]"))
            one.withUnsafeBytes { bytes in
                do throws(BadRecord) {
                    try reader.answer(bytes, into: &answer)
                } catch {
                    // What a model server sends is not ours to refuse; the client sees it as it is.
                }
            }
        }
    }
}
