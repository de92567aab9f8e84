import Dispatch
import Synchronization

/// Applies a pure function to each element on up to `threads` threads; the result is in the elements' order.
func concurrentMap<Element, Result: Sendable>(
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
