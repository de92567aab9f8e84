/// StandardLoggingPayload (docs.litellm.ai/docs/proxy/logging_spec): times are seconds since 1970 as a float, and all
/// providers' bodies have the shape of Chat Completions.
struct LiteLLMWriter: RecordWriter {
    func write(_ exchange: Rendered, to line: ByteBuffer) {
        let isEmbedding = exchange.style.endpoint == .embeddings
        line.append("{\"id\":\"req_")
        line.append(hex: exchange.id)
        line.append("\",\"trace_id\":\"trace_")
        line.append(hex: Random.mix(exchange.id))
        if exchange.conversation != 0 {
            line.append("\",\"session_id\":\"conv_")
            line.append(hex: exchange.conversation)
        }
        line.append("\",\"call_type\":")
        line.append(isEmbedding ? "\"aembedding\"" : "\"acompletion\"")
        line.append(",\"cache_hit\":null,\"custom_llm_provider\":\"openai\"")
        line.append(exchange.status == 200 ? ",\"status\":\"success\"" : ",\"status\":\"failure\"")
        line.append(",\"startTime\":")
        seconds(exchange.time, to: line)
        line.append(",\"endTime\":")
        seconds(exchange.time + exchange.duration, to: line)
        line.append(member: "model", exchange.model)
        line.append(member: "model_group", exchange.model)
        metadata(exchange, to: line)
        line.append(",\"total_tokens\":")
        line.append(exchange.inputTokens + exchange.outputTokens)
        line.append(",\"prompt_tokens\":")
        line.append(exchange.inputTokens)
        line.append(",\"completion_tokens\":")
        line.append(exchange.outputTokens)
        line.append(member: "requester_ip_address", exchange.address.text)
        line.append(member: "user_agent", exchange.client.userAgent)
        line.append(",\"messages\":")
        if isEmbedding {
            line.append(span: exchange.blocks[0].text, of: exchange)
        } else {
            line.append(chatMessages: exchange)
        }
        line.append(",\"response\":")
        line.append(chatResponse: exchange)
        line.append(",\"model_parameters\":{")
        parameters(exchange, to: line)
        line.append("},\"hidden_params\":{}")
        if exchange.status != 200 {
            line.append(
                ",\"error_str\":\"The request was not served.\",\"error_information\":{\"error_code\":\""
            )
            line.append(exchange.status)
            line.append("\"}")
        }
        line.append("}\n")
    }

    /// Seconds since 1970 with six decimals.
    private func seconds(_ microseconds: Int64, to line: ByteBuffer) {
        line.append(Int(microseconds / second))
        line.append(".")
        line.append(padded: Int(microseconds % second), width: 6)
    }

    private func metadata(_ exchange: Rendered, to line: ByteBuffer) {
        let account = exchange.account
        line.append(",\"metadata\":{")
        line.append(member: "user_api_key_user_id", account.id, comma: false)
        if !account.organization.isEmpty {
            line.append(member: "user_api_key_org_id", account.organization)
        }
        line.append(",\"user_api_key_request_route\":")
        line.append(
            exchange.style.endpoint == .embeddings
                ? "\"/v1/embeddings\"" : "\"/v1/chat/completions\"")
        line.append(member: "requester_ip_address", exchange.address.text)
        line.append(member: "user_agent", exchange.client.userAgent)
        line.append("}")
    }

    /// The parameters without the comma that leads them elsewhere.
    private func parameters(_ exchange: Rendered, to line: ByteBuffer) {
        line.append("\"extra_body\":{}")
        line.append(chatParameters: exchange)
    }
}
