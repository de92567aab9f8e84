/// Why the gateway cannot run.
public enum GatewayError: Error, CustomStringConvertible {
    /// A setting that turns out not to be usable.
    case setting(String)
    /// An address that cannot be listened on.
    case listen(address: String, reason: String)
    /// The system or a library refused something.
    case system(String)

    /// For a reader.
    public var description: String {
        switch self {
        case .setting(let text): text
        case .listen(let address, let reason):
            "cannot listen on \(address): \(reason); choose another address or end what uses it"
        case .system(let text): text
        }
    }
}
