import Dispatch
import Synchronization

/// Applies a pure function to stretches of `0..<count`; the results are in their order, which does not depend on the threads.
func concurrentRanges<Result: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Range<Int>) -> Result
) -> [Result] {
    let length = 8192
    return concurrentMap(Array(stride(from: 0, to: count, by: length)), threads: threads) {
        body($0..<min($0 + length, count))
    }
}

/// Applies a pure function to each element on up to `threads` threads; the result is in the elements' order.
package func concurrentMap<Element, Result: Sendable>(
    _ elements: [Element], threads: Int, _ body: @Sendable (Element) -> Result
) -> [Result] where Element: Sendable {
    guard threads > 1, elements.count > 1 else { return elements.map(body) }
    let next = Atomic<Int>(0)
    let found = Mutex<[(index: Int, value: Result)]>([])
    DispatchQueue.concurrentPerform(iterations: min(threads, elements.count)) { _ in
        var own: [(index: Int, value: Result)] = []
        while true {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            if index >= elements.count { break }
            own.append((index, body(elements[index])))
        }
        found.withLock { $0 += own }
    }
    return found.withLock { $0 }.sorted { $0.index < $1.index }.map(\.value)
}
