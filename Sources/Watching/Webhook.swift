import Dispatch
import Foundation
import Scanning
import Synchronization

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Where alerts are sent: a POST of JSON each.
///
/// `Idempotency-Key` is the body's SHA-256, so that a receiver can tell an alert that comes again. With a secret,
/// `X-Stillwatch-Signature` is `sha256=` and the HMAC-SHA-256 of the body. Redirects are not followed.
public struct Webhook: Sendable {
    /// What came of sending one alert.
    enum Outcome: Equatable {
        case delivered
        /// The receiver answered that it will not have this alert.
        case refused(status: Int)
        /// No answer, or one that asks to come again.
        case unreachable(reason: String)
    }

    private let url: URL
    private let secret: [UInt8]?
    private let pauses: [Duration]
    private let timeout: Duration

    /// A webhook at `address`.
    ///
    /// - Parameters:
    ///   - secret: signs the bodies; `nil` leaves them unsigned.
    ///   - allowsPlainHTTP: whether `http` may leave this machine.
    public init(
        _ address: String, secret: String?, allowsPlainHTTP: Bool
    ) throws(WatchError) {
        try self.init(
            address, secret: secret, allowsPlainHTTP: allowsPlainHTTP,
            pauses: [.seconds(1), .seconds(4)], timeout: .seconds(10))
    }

    /// As above; `pauses` are those between attempts, so that there is one attempt more.
    init(
        _ address: String, secret: String?, allowsPlainHTTP: Bool, pauses: [Duration],
        timeout: Duration
    ) throws(WatchError) {
        // The address itself may be a secret and is not repeated.
        guard let url = URL(string: address), let scheme = url.scheme?.lowercased(),
            let host = url.host, !host.isEmpty, ["http", "https"].contains(scheme)
        else { throw .webhook(reason: "expected an address such as https://host/path") }
        if scheme == "http", !allowsPlainHTTP, !Self.isLoopback(host) {
            throw .webhook(
                reason:
                    "http would carry account names in the clear to \(host); use https, or allow "
                    + "it with --webhook-insecure")
        }
        self.url = url
        self.secret = secret.map { Array($0.utf8) }
        self.pauses = pauses
        self.timeout = timeout
    }

    private static func isLoopback(_ host: String) -> Bool {
        let name = host.trimmingCharacters(in: CharacterSet(charactersIn: "[]")).lowercased()
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        let isLoopbackAddress =
            parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return name == "localhost" || name == "::1" || isLoopbackAddress
    }

    /// Sends one body, several times if need be.
    func send(_ body: [UInt8], isStopping: () -> Bool) -> Outcome {
        var outcome = attempt(body)
        for pause in pauses {
            guard case .unreachable = outcome, !isStopping() else { return outcome }
            Thread.sleep(forTimeInterval: pause / .seconds(1))
            outcome = attempt(body)
        }
        return outcome
    }

    private func attempt(_ body: [UInt8]) -> Outcome {
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.httpBody = Data(body)
        request.timeoutInterval = timeout / .seconds(1)
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.setValue(
            FileDigest.hexadecimal(FileDigest.sha256(body)), forHTTPHeaderField: "Idempotency-Key")
        if let secret {
            let code = FileDigest.hexadecimal(FileDigest.hmac(body, key: secret))
            request.setValue("sha256=\(code)", forHTTPHeaderField: "X-Stillwatch-Signature")
        }
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = request.timeoutInterval
        configuration.timeoutIntervalForResource = request.timeoutInterval
        let session = URLSession(
            configuration: configuration, delegate: NoRedirects(), delegateQueue: nil)
        defer { session.invalidateAndCancel() }
        let done = DispatchSemaphore(value: 0)
        let answered = Answer()
        session.dataTask(with: request) { _, response, error in
            answered.set(Self.outcome(response, error))
            done.signal()
        }.resume()
        // A little over the session's own limit, which should come first.
        let limit = DispatchTimeInterval.milliseconds(Int(request.timeoutInterval * 1000) + 1000)
        if done.wait(timeout: .now() + limit) == .timedOut {
            return .unreachable(reason: "no answer in time")
        }
        return answered.value
    }

    private static func outcome(_ response: URLResponse?, _ error: (any Error)?) -> Outcome {
        guard let response = response as? HTTPURLResponse else {
            // Its text may repeat the address; the code does not.
            let code = (error as? URLError)?.code
            return .unreachable(
                reason: code == .timedOut
                    ? "no answer in time" : "error \(code?.rawValue ?? 0)")
        }
        switch response.statusCode {
        case 200..<300: return .delivered
        case 408, 425, 429, 500...: return .unreachable(reason: "status \(response.statusCode)")
        default: return .refused(status: response.statusCode)
        }
    }
}

/// Hands an outcome from the session's thread to the one that waits.
private final class Answer: Sendable {
    private let stored = Mutex<Webhook.Outcome>(.unreachable(reason: "no answer"))

    func set(_ outcome: Webhook.Outcome) { stored.withLock { $0 = outcome } }

    var value: Webhook.Outcome { stored.withLock { $0 } }
}

/// Refuses to be sent elsewhere: an alert is for the address that was given.
private final class NoRedirects: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask,
        willPerformHTTPRedirection response: HTTPURLResponse, newRequest request: URLRequest,
        completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) { completionHandler(nil) }
}
