import Enforcement
import Testing

@testable import Gateway

@Suite("stillwatch.yaml")
struct SettingsTests {
    private let least = "upstreams:\n  - url: http://127.0.0.1:9100\n"

    @Test("defaults are safe")
    func defaults() throws {
        let settings = try GatewaySettings(yaml: least, path: "/etc/sw/stillwatch.yaml")
        #expect(settings.listen == ListenAddress(host: "127.0.0.1", port: 8080))
        #expect(settings.admin == nil)
        #expect(settings.store == "sqlite:/etc/sw/state/stillwatch.db")
        #expect(settings.log.folder == "/etc/sw/state/log")
        #expect(settings.log.waitsForWrite)
        #expect(settings.log.overflow == .refuse)
        #expect(!settings.passesOtherRoutes)
        #expect(settings.trustedProxies.isEmpty)
        let upstream = try #require(settings.upstreams.first)
        #expect(upstream.servesOpenAI && upstream.servesAnthropic)
        #expect(upstream.host == "127.0.0.1" && upstream.port == 9100 && !upstream.isTLS)
    }

    @Test(
        "mistakes are shown where they stand",
        arguments: [
            ("listne: 127.0.0.1:1\n", 3, "listne"),
            ("listen: everywhere\n", 3, "everywhere"),
            ("admin: {listen: 127.0.0.1:1}\n", 3, "token_file"),
            ("store: mysql://x\n", 3, "sqlite"),
            ("exchange_log:\n  text: most\n", 4, "most"),
            ("exchange_log:\n  queue: 5 bags\n", 4, "queue"),
            (
                "budgets:\n  limits:\n    - {scope: account, resource: requests, amount: 5}\n", 5,
                "per"
            ),
            (
                "budgets:\n  limits:\n    - {scope: planet, resource: requests, amount: 5, per: day}\n",
                5, "planet"
            ),
            ("trusted_proxies: [10.0.0.0/99]\n", 3, "10.0.0.0/99"),
            ("country_header: cf-ipcountry\n", 3, "trusted_proxies"),
            ("other_routes: maybe\n", 3, "maybe"),
            ("limits: {body_bytes: -1}\n", 3, "body_bytes"),
            ("threads: 0\n", 3, "threads"),
        ])
    func mistakes(yaml: String, line: Int, word: String) {
        let error = #expect(throws: SettingsError.self) {
            _ = try GatewaySettings(yaml: least + yaml, path: "sw.yaml")
        }
        #expect(
            error?.description.hasPrefix("sw.yaml:\(line):") == true, "\(String(describing: error))"
        )
        #expect(error?.description.contains(word) == true, "\(String(describing: error))")
    }

    @Test("an upstream's address holds no credentials and no query")
    func upstreams() {
        for url in ["http://user:secret@h", "ftp://h", "http://h?x=1", "h:80", "http://"] {
            #expect(throws: SettingsError.self) {
                _ = try GatewaySettings(yaml: "upstreams: [{url: \"\(url)\"}]", path: "sw.yaml")
            }
        }
    }

    @Test("money is kept in millionths of a dollar")
    func money() throws {
        let settings = try GatewaySettings(
            yaml: least
                + "budgets: {limits: [{scope: organization, resource: usd, amount: 0.5, per: month}]}\n"
                + "prices: [{model: \"gpt-*\", input: 0.15, output: 0.6}]\n", path: "sw.yaml")
        #expect(settings.limits.first?.amount == 500_000)
        #expect(settings.prices.first?.pattern.matches("gpt-4o-mini") == true)
    }
}
