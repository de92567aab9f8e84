import Detection
import Foundation
import Testing

@testable import Watching

@Suite struct OutboxTests {
    private func state(_ generation: UInt64, _ alerts: [String]) -> WatchState {
        var state = WatchState(settings: [])
        state.generation = generation
        state.alerts = alerts
        return state
    }

    @Test func `an alert is in the file once, wherever the process before was killed`() throws {
        let old = #"{"alert":"W-0001-1"}"#
        let new = [#"{"alert":"W-0001-2"}"#, #"{"alert":"W-0002-1"}"#]
        let whole = ([old] + new).map { $0 + "\n" }.joined()
        for end in (old.utf8.count + 1)...whole.utf8.count {
            let place = Workplace()
            let folder = try StateFolder(path: place.state)
            var outbox = Outbox()
            _ = try outbox.takeOver(state(1, [old]), folder: folder, queue: false)
            let file = folder.path(of: "alerts.jsonl")
            try Data(whole.utf8.prefix(end)).write(to: URL(fileURLWithPath: file))
            var next = try Outbox.load(from: folder)
            #expect(try next.takeOver(state(2, new), folder: folder, queue: true) == new)
            let text = String(decoding: FileManager.default.contents(atPath: file)!, as: UTF8.self)
            #expect(text == whole, "killed after byte \(end)")
            #expect(try next.takeOver(state(2, new), folder: folder, queue: true).isEmpty)
            #expect(try Outbox.load(from: folder).waiting == new)
        }
    }
}
