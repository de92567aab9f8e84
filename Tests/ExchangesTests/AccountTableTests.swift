import Exchanges
import Testing

@Suite struct AccountTableTests {
    func parse(_ text: String, csv: Bool = true) throws(AccountTableError) -> AccountTable {
        try parse(Array(text.utf8), csv: csv)
    }

    func parse(_ bytes: [UInt8], csv: Bool) throws(AccountTableError) -> AccountTable {
        var result: Result<AccountTable, AccountTableError> = .failure(.empty)
        bytes.withUnsafeBytes { buffer in
            do throws(AccountTableError) {
                result = .success(try AccountTable.parse(buffer, isCSV: csv))
            } catch { result = .failure(error) }
        }
        return try result.get()
    }

    static var full: AccountRecord {
        var record = AccountRecord(account: "acct_9")
        record.created = EventTime(microseconds: 1_776_679_200_000_000)
        record.organization = "Bolt, \"Nut\" & Co"
        record.emailDomain = "example.com"
        record.country = "SG"
        record.paymentFingerprint = "pm_77"
        record.plan = "free\ntrial"
        record.signupPath = "education"
        record.phoneFingerprint = "ph_1"
        record.trusted = true
        return record
    }

    @Test func csvWithQuotesAnyColumnOrderAndCRLF() throws {
        let text =
            "\u{FEFF}trusted,organization,account,created,email_domain,country,payment_fingerprint,plan,signup_path,phone_fingerprint,notes\r\n"
            + "true,\"Bolt, \"\"Nut\"\" & Co\",acct_9,2026-04-20T10:00:00Z,example.com,SG,pm_77,\"free\ntrial\",education,ph_1,x\r\n"
            + "\r\n" + ",,acct_10,,,,,,,,"
        let table = try parse(text)
        #expect(table.faults.isEmpty)
        #expect(table.records["acct_9"] == Self.full)
        #expect(table.records["acct_10"] == AccountRecord(account: "acct_10"))
        #expect(table.records.count == 2)
    }

    @Test func jsonLines() throws {
        let text = """
            {"account":"acct_9","created":1776679200,"organization":"Bolt, \\"Nut\\" & Co","email_domain":"example.com","country":"SG","payment_fingerprint":"pm_77","plan":"free\\ntrial","signup_path":"education","phone_fingerprint":"ph_1","trusted":true,"other":[1]}

            {"account":42,"plan":null}
            """
        let table = try parse(text, csv: false)
        #expect(table.faults.isEmpty)
        #expect(table.records["acct_9"] == Self.full)
        #expect(table.records["42"] == AccountRecord(account: "42"))
    }

    @Test func badRowsAreFaultsAndTheRestCounts() throws {
        let text =
            "account,created,trusted\na,,\nb,someday,\n,,\nc,,maybe\na,2026-04-20,\nd,x\ne,,yes\n"
        let table = try parse(text)
        #expect(Set(table.records.keys) == ["a", "e"])
        #expect(table.records["a"]?.created == nil)
        #expect(table.faults.map(\.line) == [3, 4, 5, 6, 7])
        #expect(table.faults.map(\.column) == [2, 1, 3, 1, 2])
        #expect(
            table.faults.map(\.record.reason) == [
                .impossibleTime, .missingField, .wrongType, .wrongType, .wrongType,
            ])
        #expect(
            table.faults[0].description.hasPrefix("line 3, column 2: impossible_time `created`"))
    }

    @Test func badJSONLinesAreFaults() throws {
        let text =
            "{\"account\":\"a\"}\n{\"account\":\n[]\n{\"account\":[]}\n{\"plan\":\"x\"}\n{\"account\":\"a\"}"
        let table = try parse(text, csv: false)
        #expect(table.records.count == 1)
        #expect(table.faults.map(\.line) == [2, 3, 4, 5, 6])
        #expect(
            table.faults.map(\.record.reason) == [
                .notJSON, .wrongType, .wrongType, .missingField, .wrongType,
            ])
    }

    @Test func fileErrors() {
        #expect(throws: AccountTableError.empty) { try parse("") }
        #expect(throws: AccountTableError.missingAccountColumn(found: ["id", "plan"])) {
            try parse("id,plan\n1,2\n")
        }
        #expect(throws: AccountTableError.repeatedColumn(name: "plan", column: 3)) {
            try parse("account,plan,plan\n")
        }
        #expect(throws: AccountTableError.unclosedQuote(line: 2, column: 2)) {
            try parse("account,plan\na,\"free\n")
        }
        let error = AccountTableError.unclosedQuote(line: 2, column: 2)
        #expect(error.description.hasPrefix("line 2, column 2: "))
    }

    @Test func brokenUTF8IsAFault() throws {
        let table = try parse(
            Array("account\n".utf8) + [0xFF, 0x0A] + Array("b\n".utf8), csv: true)
        #expect(table.faults.map(\.record.reason) == [.notUTF8])
        #expect(Array(table.records.keys) == ["b"])
    }
}
