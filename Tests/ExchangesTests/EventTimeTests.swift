import Exchanges
import Testing

@Suite struct EventTimeTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0),
        ("1969-12-31T23:59:59Z", -1_000_000),
        ("2026-04-22T00:00:03.214Z", 1_776_816_003_214_000),
        ("2026-04-22t00:00:03.214z", 1_776_816_003_214_000),
        ("2026-04-22 00:00:03.214", 1_776_816_003_214_000),
        ("2026-04-22T00:00:03,214Z", 1_776_816_003_214_000),
        ("2026-04-22T02:30:03.214+02:30", 1_776_816_003_214_000),
        ("2026-04-21T19:00:03.214-0500", 1_776_816_003_214_000),
        ("2026-04-22 01:00:03.214+01", 1_776_816_003_214_000),
        ("2026-04-22T00:00:03.2140009999999999Z", 1_776_816_003_214_000),
        ("2024-02-29T12:00:00Z", 1_709_208_000_000_000),
        ("2000-02-29T00:00:00Z", 951_782_400_000_000),
        ("1937-01-01T12:00:27.87+00:20", -1_041_337_172_130_000),
        // RFC 3339, section 5.8: a leap second, in UTC and in Pacific time.
        ("1990-12-31T23:59:60Z", 662_687_999_999_000),
        ("1990-12-31T15:59:60-08:00", 662_687_999_999_000),
        ("2100-01-01T00:00:00Z", 4_102_444_800_000_000),
        ("0000-03-01T00:00:00Z", -62_162_035_200_000_000),
        ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
    ])
    func reads(_ text: String, _ expected: Int64) {
        #expect(time(text) == expected, "\(text)")
    }

    @Test(arguments: [
        "", "2026", "2026-04-22", "2026-04-22T", "2026-04-22T00:00", "2026-04-22T00:00:0",
        "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-04-31T00:00:00Z",
        "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-00T00:00:00Z",
        "2026-04-22T24:00:00Z", "2026-04-22T00:60:00Z", "2026-04-22T00:00:61Z",
        "2026-04-22T00:00:60Z", "2026-04-22T00:00:00.Z", "2026-04-22T00:00:00+24:00",
        "2026-04-22T00:00:00+01:60", "2026-04-22T00:00:00+1", "2026-04-22T00:00:00Zx",
        "2026-04-22X00:00:00Z", "+026-04-22T00:00:00Z", "2026-4-22T00:00:00Z", "yesterday",
        "2026-04-22T00:00:00 Z", "２026-04-22T00:00:00Z",
    ])
    func refuses(_ text: String) {
        #expect(time(text) == nil, "\(text)")
    }

    @Test func everyDayFollowsTheOneBefore() {
        var day = 0
        for year in 1970...2110 {
            for month in 1...12 {
                for date in 1...31 {
                    let text = "\(year)-\(pad(month))-\(pad(date))T00:00:00Z"
                    guard let micros = time(text) else { continue }
                    #expect(micros == Int64(day) * 86_400_000_000, "\(text)")
                    day += 1
                }
            }
        }
        // 141 years with 35 leap days: 2100 has none.
        #expect(day == 141 * 365 + 35 - 1)
    }

    private func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    @Test(arguments: [
        ("\"2026-04-22T00:00:03.214Z\"", 1_776_816_003_214_000),
        ("1776816003.214", 1_776_816_003_214_000),
        ("1776816003", 1_776_816_003_000_000),
        ("\"1776816003.214\"", 1_776_816_003_214_000),
        ("1420070400", 1_420_070_400_000_000),
        ("4102444800", 4_102_444_800_000_000),
    ])
    func recordTime(_ json: String, _ expected: Int64) {
        let record = #"{"time":\#(json),"account":"a","request":{"prompt":"x"}}"#
        #expect(decode(record, .stillwatch).exchanges.first?.time == expected)
    }

    @Test(arguments: [
        ("1420070399", BadRecord.Reason.impossibleTime), ("4102444801", .impossibleTime),
        ("1776816003214", .impossibleTime), ("-1", .impossibleTime), ("1e300", .impossibleTime),
        ("\"tomorrow\"", .impossibleTime), ("\"1e9\"", .impossibleTime),
        ("18446744073709551615", .impossibleTime), ("true", .wrongType), ("{}", .wrongType),
        ("[]", .wrongType), ("null", .missingField), ("\"\"", .missingField),
    ])
    func badRecordTime(_ json: String, _ reason: BadRecord.Reason) {
        let record = #"{"time":\#(json),"account":"a","request":{"prompt":"x"}}"#
        #expect(decode(record, .stillwatch).faults == [BadRecord(reason, field: "time")])
    }
}
