import Testing

@testable import Enforcement

@Suite struct PolicySettingsTests {
    private static func document(_ yaml: String) throws -> SettingsNode {
        try SettingsNode.document(yaml: yaml, file: "s.yaml")
    }

    /// What reading `yaml` is refused with.
    private static func refusal(
        _ yaml: String, _ read: (SettingsNode) throws -> Void
    ) -> String? {
        do {
            try read(document(yaml))
            return nil
        } catch { return "\(error)" }
    }

    @Test func `fields are read with their types`() throws {
        let fields = try Self.document(
            """
            name: "gateway"
            on: true
            count: 12
            share: 0.25
            age: 90m
            size: 32MiB
            list: [a, b]
            one: a
            until: 2026-12-31
            at: 2026-12-31T18:00:00Z
            """
        ).fields([
            "name", "on", "count", "share", "age", "size", "list", "one", "until", "at", "absent",
        ])
        #expect(try fields.required("name").text() == "gateway")
        #expect(try fields.required("on").boolean())
        #expect(try fields.required("count").integer(in: 0...12) == 12)
        #expect(try fields.required("share").number(in: 0...1) == 0.25)
        #expect(try fields.required("age").microseconds() == 5_400_000_000)
        #expect(try fields.required("size").bytes() == 33_554_432)
        #expect(try fields.required("list").oneOrList().map { try $0.text() } == ["a", "b"])
        #expect(try fields.required("one").oneOrList().map { try $0.text() } == ["a"])
        // `date -u -d 2027-01-01 +%s` and `date -u -d 2026-12-31T18:00:00Z +%s`.
        #expect(try fields.required("until").end() == 1_798_761_600_000_000)
        #expect(try fields.required("at").end() == 1_798_740_000_000_000)
        #expect(fields["absent"] == nil)
        #expect(fields["list"]?.line == 7)
        #expect(try fields.required("list").list()[1].name == "list[1]")
    }

    @Test func `an unknown field names the known ones and its line`() {
        let text = Self.refusal("a: 1\nb: 2\ncc: 3\n") { _ = try $0.fields(["a", "b"]) }
        #expect(text == "s.yaml:3: unknown field 'cc'; known are a, b")
    }

    @Test(arguments: [
        "a: 1\nb: 2\na: 3\n", "a: {x: 1}\nb: 2\n\"a\": 3\n",
    ])
    func `a field given twice is refused`(yaml: String) {
        let text = Self.refusal(yaml) { _ = try $0.fields(["a", "b"]) }
        #expect(text?.hasSuffix("'a' is given twice; keep one") == true, "\(text ?? "read")")
        #expect(text?.hasPrefix("s.yaml:") == true)
    }

    @Test func `a required field that is absent is named with its mapping`() {
        let text = Self.refusal("x:\n  a: 1\n") { root in
            _ = try root.fields(["x"]).required("x").fields(["a", "b"]).required("b")
        }
        #expect(text == "s.yaml:2: 'x' has no 'b'; add it")
    }

    @Test(arguments: ["", "# nothing\n"])
    func `an empty file is refused`(yaml: String) {
        #expect(Self.refusal(yaml) { _ in }?.hasPrefix("s.yaml:1: is empty") == true)
    }

    @Test func `what is not YAML is refused at its line`() {
        let text = Self.refusal("a: 1\nb: [1, 2\nc: 3\n") { _ in }
        #expect(text?.hasPrefix("s.yaml:3: not YAML: ") == true, "\(text ?? "read")")
    }

    @Test(arguments: ["5", "5 m", "m", "-5m", "1.5h", "5w", "9223372036854775807d", "[1m]", "٣m"])
    func `what is no duration is refused`(value: String) {
        let text = Self.refusal("a: \(value)\n") { _ = try $0.fields(["a"])["a"]?.microseconds() }
        #expect(text == "s.yaml:1: 'a' must be a duration such as 250ms, 30s, 5m, 1h or 7d")
    }

    @Test(arguments: ["5MB", "1.5GiB", "KiB", "9223372036854775807GiB", "x"])
    func `what is no size is refused`(value: String) {
        let text = Self.refusal("a: \(value)\n") { _ = try $0.fields(["a"])["a"]?.bytes() }
        #expect(text == "s.yaml:1: 'a' must be a size such as 512B, 64KiB, 32MiB or 2GiB")
    }

    @Test(arguments: [
        "2026-02-29", "2026-13-01", "2026-00-10", "1969-12-31", "2026-1-1", "tomorrow",
        "2026-12-31T25:00:00Z", "2026-12-31 18:00:00Z",
    ])
    func `what is no date is refused`(value: String) {
        let text = Self.refusal("a: \(value)\n") { _ = try $0.fields(["a"])["a"]?.end() }
        #expect(text?.contains("'a' must be a date such as 2026-12-31") == true)
    }

    @Test func `leap days count`() {
        // `date -u -d 2028-03-01 +%s` and `date -u -d 2100-03-01 +%s`; 2100 is no leap year.
        #expect(CalendarTime.end(of: "2028-02-29") == 1_835_481_600_000_000)
        #expect(CalendarTime.end(of: "2100-02-28") == 4_107_542_400_000_000)
        #expect(CalendarTime.end(of: "1970-01-01") == 86_400_000_000)
    }

    @Test(arguments: [
        ("a: yes", "'a' must be true or false"), ("a: [true]", "'a' must be true or false"),
    ])
    func `only true and false are booleans`(yaml: String, what: String) {
        #expect(
            Self.refusal(yaml) { _ = try $0.fields(["a"])["a"]?.boolean() } == "s.yaml:1: \(what)")
    }

    @Test func `numbers keep to their range`() {
        #expect(
            Self.refusal("a: 11") { _ = try $0.fields(["a"])["a"]?.integer(in: 1...10) }
                == "s.yaml:1: 'a' must be a whole number from 1 to 10")
        #expect(
            Self.refusal("a: nan") { _ = try $0.fields(["a"])["a"]?.number(in: 0...1) }
                == "s.yaml:1: 'a' must be a number from 0.0 to 1.0")
        #expect(
            Self.refusal("a: c") { _ = try $0.fields(["a"])["a"]?.word(["x": 1, "y": 2]) }
                == "s.yaml:1: 'a' must be one of x, y")
        #expect(
            Self.refusal("a: []") { _ = try $0.fields(["a"])["a"]?.oneOrList() }
                == "s.yaml:1: 'a' is an empty list; give a value or leave the field out")
        #expect(
            Self.refusal("a: '  '") { _ = try $0.fields(["a"])["a"]?.text() }
                == "s.yaml:1: 'a' must be text, and not empty")
        #expect(
            Self.refusal("a: 1") { _ = try $0.fields(["a"])["a"]?.fields(["b"]) }
                == "s.yaml:1: 'a' must be a mapping of fields to values, such as 'name: value'")
    }
}
