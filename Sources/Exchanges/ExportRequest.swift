/// Decodes what the OpenTelemetry collector's file exporter writes: one export request a line.
extension RecordDecoder {
    /// Decodes an export request with its many spans or log records, one scope of it, or one span.
    func decodeExportRequest(
        _ record: JSONValue, exchange body: (inout Exchange) -> Void, fault: (BadRecord) -> Void
    ) {
        // Counts what becomes of the record, so that none goes without a trace.
        var outcomes = 0
        let ignoredBefore = ignoredRecords
        let counted: (inout Exchange) -> Void = { exchange in
            outcomes += 1
            body(&exchange)
        }
        let countedFault: (BadRecord) -> Void = { finding in
            outcomes += 1
            fault(finding)
        }
        decodeResources(record, exchange: counted, fault: countedFault)
        if outcomes == 0 && ignoredRecords == ignoredBefore { ignoredRecords += 1 }
    }

    private func decodeResources(
        _ record: JSONValue, exchange body: (inout Exchange) -> Void, fault: (BadRecord) -> Void
    ) {
        let resources = record["resourceSpans", "resourceLogs"]
        guard resources.exists else {
            readResource(record["resource"])
            if record["spans", "logRecords"].exists {
                return decodeScope(record, 0, exchange: body, fault: fault)
            }
            let isLog = record["observedTimeUnixNano", "timeUnixNano"].exists
            return decodeSpan(record, isLog: isLog, exchange: body, fault: fault)
        }
        guard resources.isArray else {
            return fault(BadRecord(.wrongType, field: "resourceSpans"))
        }
        copies.find(in: resources)
        var scopeIndex = 0
        for resource in resources.elements {
            readResource(resource["resource"])
            let scopes = resource["scopeSpans", "scopeLogs", "instrumentationLibrarySpans"]
            for scope in scopes.elements {
                decodeScope(scope, scopeIndex, exchange: body, fault: fault)
                scopeIndex += 1
            }
        }
        copies.reset()
    }

    private func readResource(_ resource: JSONValue) {
        resourceScratch.reset()
        resourceFacts = ResourceFacts(resource, scratch: resourceScratch)
    }

    private func decodeScope(
        _ scope: JSONValue, _ scopeIndex: Int, exchange body: (inout Exchange) -> Void,
        fault: (BadRecord) -> Void
    ) {
        for span in scope["spans"].elements {
            if copies.isCopy(span, in: scopeIndex) {
                ignoredRecords += 1
            } else {
                decodeSpan(span, isLog: false, exchange: body, fault: fault)
            }
        }
        for record in scope["logRecords"].elements {
            decodeSpan(record, isLog: true, exchange: body, fault: fault)
        }
    }

    private func decodeSpan(
        _ span: JSONValue, isLog: Bool, exchange body: (inout Exchange) -> Void,
        fault: (BadRecord) -> Void
    ) {
        guard span.isObject else { return fault(BadRecord(.wrongType, field: "spans")) }
        let resource = resourceFacts
        deliver(span, exchange: body, fault: fault) {
            (exchange, span, scratch) throws(BadRecord) in
            isLog
                ? try OpenTelemetrySpan.read(
                    logRecord: span, resource: resource, into: &exchange, scratch: scratch)
                : try OpenTelemetrySpan.read(
                    span: span, resource: resource, into: &exchange, scratch: scratch)
        }
    }
}

/// Finds model calls that two instrumentations report in the same export request, as when a client library and a
/// wrapper around it both write spans. The span with the conversation counts, else the first.
struct SpanCopies {
    private struct Key: Hashable {
        let text: ByteView

        static func == (a: Key, b: Key) -> Bool {
            a.text.count == b.text.count && a.text.buffer.elementsEqual(b.text.buffer)
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(bytes: UnsafeRawBufferPointer(text.buffer))
        }
    }

    /// By response identifier: the scope whose span counts, and whether that has the conversation.
    private var chosen: [Key: (scope: Int, hasInput: Bool)] = [:]

    /// Reads the response identifiers of an export request.
    mutating func find(in resources: JSONValue) {
        chosen.removeAll(keepingCapacity: true)
        var scopeIndex = 0
        for resource in resources.elements {
            let scopes = resource["scopeSpans", "scopeLogs", "instrumentationLibrarySpans"]
            for scope in scopes.elements {
                for span in scope["spans"].elements { note(span, in: scopeIndex) }
                scopeIndex += 1
            }
        }
        // Spans of one scope are never copies of each other.
        if scopeIndex < 2 { reset() }
    }

    /// Forgets the request.
    mutating func reset() { chosen.removeAll(keepingCapacity: true) }

    /// Whether another scope's span stands for this one.
    func isCopy(_ span: JSONValue, in scope: Int) -> Bool {
        guard !chosen.isEmpty, let best = chosen[Key(text: Self.identity(of: span).id)] else {
            return false
        }
        return best.scope != scope
    }

    private mutating func note(_ span: JSONValue, in scope: Int) {
        let (id, hasInput) = Self.identity(of: span)
        guard !id.isEmpty else { return }
        let key = Key(text: id)
        if let best = chosen[key], best.hasInput || !hasInput { return }
        chosen[key] = (scope, hasInput)
    }

    private static func identity(of span: JSONValue) -> (id: ByteView, hasInput: Bool) {
        var id = ByteView.empty
        var hasInput = false
        for (key, value) in AnyValue.Attributes(span["attributes"]) {
            if key.equals("gen_ai.response.id") { id = value.text }
            if key.equals("gen_ai.input.messages") || key.hasPrefix("gen_ai.prompt") {
                hasInput = true
            }
        }
        return (id, hasInput)
    }
}
