import Dispatch
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// A suspect that answers prompts through an OpenAI-compatible address.
///
/// Redirects are not followed, answers larger than 16 MiB are not read, and neither the key nor the address is in any message.
package struct SuspectEndpoint: Sendable {
    /// Which of both interfaces the address has.
    package enum Interface: String, CaseIterable, Sendable {
        case chat
        case completions
    }

    /// How it is asked.
    package struct Asking: Sendable {
        package var model: String
        package var temperature: Double?
        /// Tokens of one answer at most.
        package var maxTokens: Int
        package var timeout: Duration
        /// Between attempts, so that there is one attempt more.
        package var pauses: [Duration]
        package var allowsPlainHTTP: Bool

        package init(
            model: String, temperature: Double? = nil, maxTokens: Int = 512,
            timeout: Duration = .seconds(120),
            pauses: [Duration] = [.seconds(1), .seconds(4), .seconds(16), .seconds(60)],
            allowsPlainHTTP: Bool = false
        ) {
            self.model = model
            self.temperature = temperature
            self.maxTokens = maxTokens
            self.timeout = timeout
            self.pauses = pauses
            self.allowsPlainHTTP = allowsPlainHTTP
        }
    }

    /// What came of asking one prompt.
    package enum Outcome: Hashable, Sendable {
        case answer(String, tokens: Int?)
        /// The suspect will not answer this prompt.
        case refused(String)
        /// It does not answer at all, now.
        case unreachable(String)
        /// No prompt will be answered: a wrong key, model or address.
        case denied(String)
    }

    /// Largest body that is read, bytes.
    static let largestBody = 16 << 20
    /// Longest pause that a suspect's Retry-After is followed for.
    private static let longestPause = 120.0

    private let url: URL
    private let interface: Interface
    private let key: String?
    private let asking: Asking
    /// Address and model, without user, password and query: names the suspect in reports.
    package let name: String

    /// - Parameters:
    ///   - address: of `/chat/completions` or `/completions`, or what stands before it.
    ///   - key: is sent as a bearer token.
    package init(
        _ address: String, interface: Interface = .chat, key: String?, asking: Asking
    ) throws(ProvenanceError) {
        guard var parts = URLComponents(string: address), let host = parts.host, !host.isEmpty,
            let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme),
            parts.user == nil, parts.password == nil
        else {
            throw .endpoint(
                reason:
                    "expected an address such as https://host/v1, without a user or a password in it"
            )
        }
        if scheme == "http", !asking.allowsPlainHTTP, !Self.isLoopback(host) {
            throw .endpoint(
                reason:
                    "http would carry the key and the prompts in the clear to \(host); use https, or "
                    + "allow it with --insecure")
        }
        if let key, key.isEmpty || key.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) {
            throw .endpoint(reason: "the key is empty or holds characters that no key has")
        }
        while parts.path.hasSuffix("/") { parts.path.removeLast() }
        if parts.path.hasSuffix("/chat/completions") {
            self.interface = .chat
        } else if parts.path.hasSuffix("/completions") {
            self.interface = .completions
        } else {
            self.interface = interface
            parts.path += interface == .chat ? "/chat/completions" : "/completions"
        }
        guard let url = parts.url else { throw .endpoint(reason: "not an address") }
        parts.query = nil
        parts.fragment = nil
        self.url = url
        self.key = key
        self.asking = asking
        name = "\(parts.string ?? host) \(asking.model)"
    }

    private static func isLoopback(_ host: String) -> Bool {
        let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).lowercased()
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopbackAddress =
            parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return name == "localhost" || name == "::1" || isLoopbackAddress
    }

    /// Asks one prompt, several times if need be. For any thread; waits for the answer.
    package func ask(_ prompt: String, isStopping: () -> Bool) -> Outcome {
        guard let body = body(prompt) else { return .refused("a prompt that JSON cannot hold") }
        var (outcome, wait) = attempt(body)
        for pause in asking.pauses {
            guard case .unreachable = outcome, !isStopping() else { return outcome }
            var left = max(pause / .seconds(1), min(wait ?? 0, Self.longestPause))
            while left > 0, !isStopping() {
                Thread.sleep(forTimeInterval: min(left, 0.2))
                left -= 0.2
            }
            (outcome, wait) = attempt(body)
        }
        return outcome
    }

    private func body(_ prompt: String) -> Data? {
        var fields: [String: Any] = [
            "model": asking.model, "max_tokens": asking.maxTokens, "stream": false,
        ]
        if let temperature = asking.temperature { fields["temperature"] = temperature }
        switch interface {
        case .chat: fields["messages"] = [["role": "user", "content": prompt]]
        case .completions: fields["prompt"] = prompt
        }
        return try? JSONSerialization.data(withJSONObject: fields, options: .sortedKeys)
    }

    private func attempt(_ body: Data) -> (Outcome, wait: Double?) {
        let seconds = asking.timeout / .seconds(1)
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.httpBody = body
        request.timeoutInterval = seconds
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        if let key { request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization") }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = seconds
        configuration.timeoutIntervalForResource = seconds
        let receiver = BoundedReceiver(limit: Self.largestBody)
        let session = URLSession(
            configuration: configuration, delegate: receiver, delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        session.dataTask(with: request).resume()
        // A little over the session's own limit, which should come first.
        guard let received = receiver.wait(seconds: seconds + 1) else {
            return (.unreachable("no answer in time"), nil)
        }
        return (outcome(received), received.retryAfter)
    }

    private func outcome(_ received: BoundedReceiver.Received) -> Outcome {
        if received.isTooLarge {
            return .refused("an answer larger than \(Self.largestBody) bytes")
        }
        guard let status = received.status else {
            return .unreachable(
                received.errorCode == URLError.Code.timedOut.rawValue
                    ? "no answer in time" : "error \(received.errorCode ?? 0)")
        }
        switch status {
        case 200..<300: return received.isComplete ? answer(received.body) : .unreachable("cut off")
        case 408, 425, 429, 500...: return .unreachable("status \(status)")
        case 401, 403, 404, 405, 300..<400: return .denied("status \(status)")
        default: return .refused("status \(status)")
        }
    }

    private func answer(_ body: Data) -> Outcome {
        guard let root = try? JSONSerialization.jsonObject(with: body) as? [String: Any],
            let choice = (root["choices"] as? [[String: Any]])?.first
        else { return .refused("a body without choices") }
        let text: String?
        switch interface {
        case .chat: text = (choice["message"] as? [String: Any])?["content"] as? String
        case .completions: text = choice["text"] as? String
        }
        guard let text else { return .refused("a choice without a text") }
        let usage = root["usage"] as? [String: Any]
        let tokens = usage?["completion_tokens"] as? Int
        return .answer(text, tokens: tokens.flatMap { $0 >= 0 && $0 <= 1 << 31 ? $0 : nil })
    }
}

/// Collects the body of one answer up to a limit, and follows no redirect.
private final class BoundedReceiver: NSObject, URLSessionDataDelegate {
    struct Received: Sendable {
        var status: Int?
        var retryAfter: Double?
        var body = Data()
        var isTooLarge = false
        var isComplete = false
        var errorCode: Int?
    }

    private let limit: Int
    private let received = Mutex(Received())
    private let done = DispatchSemaphore(value: 0)

    init(limit: Int) { self.limit = limit }

    func wait(seconds: Double) -> Received? {
        let limit = DispatchTimeInterval.milliseconds(Int(min(seconds, 1e6) * 1000))
        guard done.wait(timeout: .now() + limit) == .success else { return nil }
        return received.withLock { $0 }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) { completionHandler(nil) }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
    ) {
        if let response = response as? HTTPURLResponse {
            received.withLock {
                $0.status = response.statusCode
                $0.retryAfter = response.value(forHTTPHeaderField: "Retry-After").flatMap(
                    Double.init)
                if response.expectedContentLength > Int64(limit) { $0.isTooLarge = true }
            }
        }
        completionHandler(received.withLock { $0.isTooLarge } ? .cancel : .allow)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = received.withLock {
            guard $0.body.count + data.count <= limit else {
                $0.isTooLarge = true
                return true
            }
            $0.body.append(data)
            return false
        }
        if isTooLarge { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?
    ) {
        received.withLock {
            $0.isComplete = error == nil
            if let response = task.response as? HTTPURLResponse, $0.status == nil {
                $0.status = response.statusCode
            }
            // Its text may repeat the address; the code does not.
            $0.errorCode = (error as? URLError)?.errorCode ?? (error == nil ? nil : 0)
        }
        done.signal()
    }
}
