import Exchanges

/// One hand-written record of each format, with what must come out of it.
enum Seeds {
    static let records: [LogFormat: String] = [
        .stillwatch: StillwatchRecordTests.full,
        .otel: otel,
        .litellm: litellm,
        .openai: openai,
        .anthropic: anthropic,
        .helicone: helicone,
        .langfuse: langfuse,
        .envoy: envoy,
        .kong: kong,
    ]

    static let otel = #"""
        {"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"desk"}}]},
        "scopeSpans":[{"scope":{"name":"s"},"spans":[
        {"spanId":"aa","startTimeUnixNano":"1776816003214000999","attributes":[
        {"key":"gen_ai.operation.name","value":{"stringValue":"chat"}},
        {"key":"gen_ai.request.model","value":{"stringValue":"m-large"}},
        {"key":"enduser.id","value":{"stringValue":"e-1"}},{"key":"user.id","value":{"stringValue":"acct_9"}},
        {"key":"client.address","value":{"stringValue":"203.0.113.7"}},
        {"key":"user_agent.original","value":{"stringValue":"ua/1"}},
        {"key":"tls.client.ja3","value":{"stringValue":"ja3h"}},
        {"key":"gen_ai.conversation.id","value":{"stringValue":"c1"}},
        {"key":"gen_ai.request.temperature","value":{"doubleValue":0.5}},
        {"key":"gen_ai.request.max_tokens","value":{"intValue":"64"}},
        {"key":"gen_ai.response.finish_reasons","value":{"arrayValue":{"values":[{"stringValue":"stop"}]}}},
        {"key":"gen_ai.usage.input_tokens","value":{"intValue":"12"}},
        {"key":"gen_ai.usage.output_tokens","value":{"intValue":34}},
        {"key":"gen_ai.system_instructions","value":{"stringValue":"[{\"type\":\"text\",\"content\":\"Be brief.\"}]"}},
        {"key":"gen_ai.input.messages","value":{"stringValue":"[{\"role\":\"user\",\"parts\":[{\"type\":\"text\",\"content\":\"Hi\"}]},{\"role\":\"assistant\",\"parts\":[{\"type\":\"tool_call\",\"name\":\"bash\",\"arguments\":{}}]},{\"role\":\"tool\",\"parts\":[{\"type\":\"tool_call_response\",\"response\":{\"ok\":[1,true,null]}}]}]"}},
        {"key":"gen_ai.output.messages","value":{"arrayValue":{"values":[{"kvlistValue":{"values":[
         {"key":"role","value":{"stringValue":"assistant"}},{"key":"parts","value":{"arrayValue":{"values":[
          {"kvlistValue":{"values":[{"key":"type","value":{"stringValue":"reasoning"}},{"key":"content","value":{"stringValue":"hm"}}]}},
          {"kvlistValue":{"values":[{"key":"type","value":{"stringValue":"text"}},{"key":"content","value":{"stringValue":"Done \"now\"."}}]}}]}}}]}}]}}}]},
        {"spanId":"bb","startTimeUnixNano":"1776816003214000999","attributes":[{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}}]},
        {"spanId":"cc","startTimeUnixNano":"1776816003214000999","attributes":[{"key":"http.route","value":{"stringValue":"/"}}]}
        ]}]}]}
        """#.replacing("\n", with: "")

    static let litellm = #"""
        {"id":"l1","call_type":"acompletion","startTime":1776816003.214,"model":"openai/m-large","model_group":"m-large",
        "metadata":{"user_api_key_user_id":null,"user_api_key_hash":"k9","user_api_key_team_id":"team","user_agent":"ua/1"},
        "requester_ip_address":"203.0.113.7","end_user":"someone","messages":[{"role":"user","content":"Hi"}],
        "model_parameters":{"temperature":0.5,"tools":[{"type":"function","function":{"name":"bash"}}]},
        "response":{"choices":[{"finish_reason":"stop","message":{"role":"assistant","content":"Done."}}]},
        "prompt_tokens":12,"completion_tokens":34}
        """#.replacing("\n", with: "")

    static let openai = #"""
        {"time":"2026-04-22T00:00:03.214Z","client":{"ip":"203.0.113.7"},"status":200,"endpoint":"/v1/responses",
        "request":{"model":"m-large","safety_identifier":"acct_9","instructions":"Be brief.","max_output_tokens":64,
        "reasoning":{"effort":"high"},"text":{"format":{"type":"json_schema"}},
        "input":[{"role":"user","content":[{"type":"input_text","text":"Hi"},{"type":"input_image","image_url":"x"}]},
        {"type":"reasoning","summary":[],"encrypted_content":"ENC"},{"type":"function_call","name":"bash","arguments":"{}"},
        {"type":"function_call_output","call_id":"1","output":"ok"}]},
        "response":{"id":"resp_1","status":"completed","output":[{"type":"reasoning","summary":[{"type":"summary_text","text":"hm"}],"encrypted_content":"ENC2"},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Done."}]}],
        "usage":{"input_tokens":12,"output_tokens":34,"output_tokens_details":{"reasoning_tokens":5}}}}
        """#.replacing("\n", with: "")

    static let anthropic = #"""
        {"time":1776816003.214,"account":"acct_9","request":{"model":"m-large","max_tokens":64,"system":[{"type":"text","text":"Be brief."}],
        "thinking":{"type":"enabled","budget_tokens":2048},"messages":[{"role":"user","content":"Hi"},
        {"role":"assistant","content":[{"type":"redacted_thinking","data":"RED"},{"type":"tool_use","name":"bash","input":{}}]},
        {"role":"user","content":[{"type":"tool_result","tool_use_id":"1","content":"ok"}]}]},
        "response":[{"type":"message_start","message":{"model":"m-large","usage":{"input_tokens":2,"cache_read_input_tokens":10,"output_tokens":1}}},
        {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}},
        {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"SIG"}},
        {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Do"}},
        {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"ne."}},
        {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":34}},{"type":"message_stop"}]}
        """#.replacing("\n", with: "")

    static let helicone = #"""
        {"request_id":"h1","request_created_at":"2026-04-22 00:00:03.214","user_id":"acct_9","organization_id":"org","country_code":"SG",
        "provider":"ANTHROPIC","model":"m-large","prompt_tokens":2,"prompt_cache_read_tokens":10,"completion_tokens":34,
        "request_path":"/v1/messages","request_body":{"model":"m-large","messages":[{"role":"user","content":"Hi"}]},
        "response_body":"{\"content\":[{\"type\":\"text\",\"text\":\"Done.\"}],\"stop_reason\":\"end_turn\"}","response_status":200}
        """#.replacing("\n", with: "")

    static let langfuse = #"""
        {"id":"f1","trace_id":"t","type":"GENERATION","start_time":"2026-04-22 00:00:03.214000","user_id":"acct_9","session_id":"c1",
        "provided_model_name":"m-large","model_parameters":"{\"temperature\":0.5}","input":"[{\"role\":\"user\",\"content\":\"Hi\"}]",
        "output":"{\"role\":\"assistant\",\"content\":\"Done.\"}","usage_details":{"input":2,"input_cached_tokens":10,"output":30,"output_reasoning_tokens":4,"total":46}}
        """#.replacing("\n", with: "")

    static let envoy = #"""
        {"start_time":"2026-04-22T00:00:03.214Z","gen_ai.request.model":"m-large","gen_ai.usage.input_tokens":"12","gen_ai.usage.output_tokens":34,
        "x-user-id":"acct_9","x-forwarded-for":"203.0.113.7, 10.0.0.1","user-agent":"ua/1","response_code":200,"x-request-id":"e1",
        "session.id":"c1","x-envoy-origin-path":"/v1/chat/completions?x=1","upstream_host":"-"}
        """#.replacing("\n", with: "")

    static let kong = #"""
        {"client_ip":"203.0.113.7","started_at":1776816003214,"consumer":{"id":"u","username":"ann","custom_id":"acct_9"},
        "request":{"id":"k1","uri":"/v1/chat/completions?x=1","headers":{"user-agent":["ua/1"]}},"response":{"status":200},
        "ai":{"proxy":{"payload":{"request":"{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"temperature\":0.5}",
        "response":"{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"Done.\"}}]}"},
        "usage":{"prompt_tokens":12,"completion_tokens":34},"meta":{"request_model":"m-large"}}}}
        """#.replacing("\n", with: "")
}
