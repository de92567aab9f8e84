import Sketches
import Testing

/// Golden values from a second implementation with unbounded integers. They are part of the profile format.
@Suite struct Hash64Tests {
    @Test func `the finaliser is MurmurHash3's`() {
        #expect(Hash64.mix(0) == 0)
        #expect(Hash64.mix(1) == 0xb456_bcfc_34c2_cb2c)
        #expect(Hash64.mix(0x0123_4567_89ab_cdef) == 0x87cb_fbfe_8902_2cea)
    }

    @Test func `a pair's hash depends on the order`() {
        #expect(Hash64.combine(1, 2) == 0x42c2_d771_c784_9bd8)
        #expect(Hash64.combine(2, 1) == 0x69f9_ee27_7bc7_5d62)
    }

    @Test(
        arguments: [
            ("", 0, 0x7407_29cb_e468_d1dd), ("a", 0xe1ee_7afb_5ae3_92d9, 0x29c9_745f_8f35_8681),
            ("Stillwatch", 0x3d55_c6d1_d0d3_dbf8, 0xa32c_106c_2beb_5afd),
            ("12345678", 0x65f5_ff77_6f27_e911, 0x98ca_0cf4_8980_b6e2),
            ("The quick brown fox jumps", 0x1bbe_65f6_4f78_eca6, 0x1186_46cc_e09f_1b44),
        ] as [(String, UInt64, UInt64)])
    func `strings have their golden hash`(text: String, plain: UInt64, seeded: UInt64) {
        #expect(Hash64.string(text) == plain)
        #expect(Hash64.string(text, seed: 7) == seeded)
    }

    @Test func `alignment does not matter`() {
        let text = Array("The quick brown fox jumps".utf8)
        for shift in 0..<8 {
            let moved = [UInt8](repeating: 0, count: shift) + text
            let hash = moved.withUnsafeBufferPointer {
                Hash64.bytes($0.baseAddress! + shift, count: text.count)
            }
            #expect(hash == 0x1bbe_65f6_4f78_eca6, "shifted by \(shift)")
        }
    }
}
