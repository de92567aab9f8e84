import Enforcement
import Foundation
import Testing
import Watermarking

@testable import Gateway

/// What the gateway plants and marks is what the tests of a suspect look for.
struct WatermarkTests {
    @Test func canariesAreThoseThatTheTestExpects() throws {
        let texts = (0..<7).map { "text \($0)" }
        let policy = try Policy.parse(
            yaml: "canaries: canaries.txt\nrules: []\n", path: "policy.yaml",
            readFile: { _ in texts.joined(separator: "\n") })
        let set = try CanarySet.draw(name: "test", questions: [], lines: 7)
        for id in ["C-0001", "C-0002", "acct_9", "é", "a much longer name of an account"] {
            #expect(policy.canary(for: id) == texts[set.line(for: id)])
        }
    }

    @Test func manifestAndKeysAreBothNeeded() throws {
        let least = "upstreams:\n  - url: http://127.0.0.1:9100\n"
        let settings = try GatewaySettings(
            yaml: least + "watermark: {manifest: mark/manifest.json, keys: /etc/keys.json}\n",
            path: "/etc/sw/stillwatch.yaml")
        #expect(settings.watermark?.manifest == "/etc/sw/mark/manifest.json")
        #expect(settings.watermark?.keys == "/etc/keys.json")
        #expect(throws: SettingsError.self) {
            try GatewaySettings(
                yaml: least + "watermark: {manifest: m.json}\n", path: "stillwatch.yaml")
        }
    }
}
