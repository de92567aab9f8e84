extension Exchange {
    /// Reads a record of the native form.
    mutating func readStillwatch(_ root: JSONValue, scratch: Scratch) throws(BadRecord) {
        id = scratch.identifier(root["id", "request_id"]) ?? .empty
        time = try EventTime(required: root["time"], field: "time")
        try readAccount(root["account"], scratch: scratch)
        guard !account.id.isEmpty else { throw BadRecord(.missingField, field: "account.id") }
        client.read(root["client"], scratch: scratch)
        readConversation(root, scratch: scratch)
        let request = root["request"]
        endpoint = request["endpoint", "path"].text
        try readRequestBody(request, .required, scratch: scratch)
        readResponseBody(root["response"], scratch: scratch)
        usage.read(root["usage"])
    }

    /// Reads an `account`: an object, or only its identifier. Leaves the identifier empty when there is none.
    mutating func readAccount(_ value: JSONValue, scratch: Scratch) throws(BadRecord) {
        switch value.kind {
        case .absent, .null:
            return
        case .object:
            let named = value["id"]
            guard let identifier = scratch.identifier(named) else {
                if !named.exists || named.isString { return }
                throw BadRecord(.wrongType, field: "account.id")
            }
            account.id = identifier
            account.created = try? EventTime(required: value["created"], field: "account.created")
            account.organization = scratch.identifier(value["organization"]) ?? .empty
            account.emailDomain = value["email_domain"].text
            account.country = value["country"].text
            account.paymentFingerprint = scratch.identifier(value["payment_fingerprint"]) ?? .empty
            account.plan = value["plan"].text
            account.signupPath = value["signup_path"].text
        default:
            guard let identifier = scratch.identifier(value) else {
                if value.isString { return }
                throw BadRecord(.wrongType, field: "account")
            }
            account.id = identifier
        }
    }
}

extension ClientFacts {
    /// Reads a `client` object; a string is the address.
    mutating func read(_ value: JSONValue, scratch: Scratch) {
        if value.isString { return ip = value.text }
        ip = value["ip", "address"].text
        userAgent = value["user_agent"].text
        tlsFingerprint = value["ja4", "tls_fingerprint", "ja3"].text
        asn = Self.asNumber(value["asn"])
    }

    /// An autonomous system number: a number, or text such as `AS64512`; zero when unreadable.
    static func asNumber(_ value: JSONValue) -> UInt32 {
        if let number = value.int { return UInt32(exactly: number) ?? 0 }
        var text = value.text
        if text.hasPrefix("AS") || text.hasPrefix("as") { text = text.dropFirst(2) }
        guard text.count <= 10, !text.isEmpty else { return 0 }
        var number: UInt64 = 0
        for byte in text.buffer {
            guard byte >= 0x30 && byte <= 0x39 else { return 0 }
            number = number * 10 + UInt64(byte - 0x30)
        }
        return UInt32(exactly: number) ?? 0
    }
}

extension EventTime {
    /// Reads a required time: RFC 3339, or units since 1970 as a number or as digits.
    /// - Parameters:
    ///   - perSecond: units in a second when the value is a number or digits.
    ///   - field: named by the fault.
    init(required value: JSONValue, perSecond: Int64 = 1, field: String) throws(BadRecord) {
        let time: EventTime?
        switch value.kind {
        case .absent, .null:
            throw BadRecord(.missingField, field: field)
        case .string:
            let text = value.text
            if text.isEmpty { throw BadRecord(.missingField, field: field) }
            if let date = EventTime(rfc3339: text) {
                time = date
            } else if perSecond == 1 {
                time = EventTime(unixSeconds: text)
            } else {
                time = text.int.flatMap { EventTime($0, perSecond: perSecond) }
            }
        case .integer:
            time = value.int.flatMap { EventTime($0, perSecond: perSecond) }
        case .unsigned, .double:
            time = value.double.flatMap { EventTime($0, perSecond: Double(perSecond)) }
        case .bool, .array, .object:
            throw BadRecord(.wrongType, field: field)
        }
        guard let time, EventTime.plausible.contains(time) else {
            throw BadRecord(.impossibleTime, field: field)
        }
        self = time
    }
}
