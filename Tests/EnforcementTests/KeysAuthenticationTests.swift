import Glibc
import Testing

@testable import Enforcement

@Suite struct KeysAuthenticationTests {
    let pepper: KeyPepper
    let text: String
    let ring: KeyRing
    let now: Int64 = 1_700_000_000_000_000

    init() throws {
        pepper = try KeyPepper(bytes: [UInt8](0..<32))
        let key = try APIKey.generate()
        text = key.text
        ring = KeyRing([try Self.entry(key.text, pepper)])
    }

    static func entry(
        _ text: String, _ pepper: KeyPepper, expires: Int64? = nil, revoked: Int64? = nil
    ) throws -> KeyRing.Entry {
        let identifier = try #require(
            Array(text.utf8).withUnsafeBytes { APIKey.identifier(in: $0) })
        return KeyRing.Entry(
            identifier: identifier, digest: try pepper.digest(of: text),
            principal: Principal(keyID: identifier.description, account: "account of \(text)"),
            expires: expires,
            revoked: revoked)
    }

    func outcome(_ presented: String, in ring: KeyRing? = nil, at time: Int64? = nil) -> KeyRing
        .Refusal?
    {
        Array(presented.utf8).withUnsafeBytes { bytes in
            switch (ring ?? self.ring).authenticate(
                bytes, pepper: pepper, nowMicroseconds: time ?? now)
            {
            case .success(let principal):
                #expect(principal.account == "account of \(presented)")
                return nil
            case .failure(let refusal): return refusal
            }
        }
    }

    @Test func theRightKeyIsAccepted() { #expect(outcome(text) == nil) }

    /// A key is bound by all its bytes: each single one changed to another digit makes another key.
    @Test func everyByteCounts() {
        for place in 0..<APIKey.byteCount {
            var bytes = Array(text.utf8)
            let other: UInt8 =
                bytes[place] == UInt8(ascii: "q") ? UInt8(ascii: "r") : UInt8(ascii: "q")
            bytes[place] = other
            let changed = String(decoding: bytes, as: UTF8.self)
            let expected: KeyRing.Refusal =
                switch place {
                case 0...2, 19: .malformed
                case 3..<19: .unknown
                default: .mismatch
                }
            #expect(outcome(changed) == expected, "byte \(place)")
        }
    }

    @Test func theSameNameWithAnotherSecretIsAMismatch() throws {
        let other = try APIKey.generate().text
        #expect(outcome(String(text.prefix(20)) + other.suffix(43)) == .mismatch)
    }

    @Test func namesThatShareAPrefixAreDifferentKeys() throws {
        let other =
            String(text.prefix(18)) + (text.dropFirst(18).first == "A" ? "B" : "A")
            + text.dropFirst(19)
        let both = ring.updating([try Self.entry(other, pepper)])
        #expect(outcome(text, in: both) == nil)
        #expect(outcome(other, in: both) == nil)
        #expect(outcome(other) == .unknown)
    }

    @Test func whatIsNoKeyIsMalformed() {
        let wrong = [
            "", "sw-", String(text.dropLast()), text + "x", " " + text.dropFirst(), text + "\0",
            String(text.dropLast()) + "\0", "sw-' OR '1'='1' -- -" + text.suffix(43),
            "sw_" + text.dropFirst(3), text.replacingCharacter(at: 30, with: "é"),
            String(repeating: "a", count: 1 << 20), text + String(repeating: "a", count: 1 << 20),
        ]
        for presented in wrong {
            #expect(outcome(presented) == .malformed, "\(presented.prefix(80))")
        }
    }

    @Test func theCaseOfLettersCounts() throws {
        let letters = "sw-aaaaaaaaaaaaaaaa-" + String(repeating: "b", count: 43)
        let ring = KeyRing([try Self.entry(letters, pepper)])
        #expect(outcome(letters, in: ring) == nil)
        #expect(
            outcome("sw-aaaaaaaaaaaaaaaa-" + String(repeating: "B", count: 43), in: ring)
                == .mismatch)
        #expect(
            outcome("sw-aaaaaaaaaaaaaaaA-" + String(repeating: "b", count: 43), in: ring)
                == .unknown)
        #expect(
            outcome("SW-aaaaaaaaaaaaaaaa-" + String(repeating: "b", count: 43), in: ring)
                == .malformed)
    }

    @Test func timesBeginWhenTheySay() throws {
        let ring = KeyRing([try Self.entry(text, pepper, expires: now)])
        #expect(outcome(text, in: ring, at: now - 1) == nil)
        #expect(outcome(text, in: ring, at: now) == .expired)
        let revoked = ring.updating([try Self.entry(text, pepper, revoked: now)])
        #expect(outcome(text, in: revoked, at: now - 1) == nil)
        #expect(outcome(text, in: revoked, at: now) == .revoked)
    }

    /// Who has only the name of a revoked key learns nothing of its state.
    @Test func aWrongSecretDoesNotTellThatAKeyIsRevoked() throws {
        let ring = KeyRing([try Self.entry(text, pepper, revoked: 0)])
        let wrong = String(text.prefix(20)) + String(repeating: "z", count: 43)
        #expect(outcome(wrong, in: ring) == .mismatch)
    }

    @Test func anUpdateLeavesTheRingBefore() throws {
        let added = try APIKey.generate().text
        let later = ring.updating([try Self.entry(added, pepper)])
        #expect(outcome(added) == .unknown)
        #expect(outcome(added, in: later) == nil)
        #expect(ring.count == 1)
        #expect(later.count == 2)
        let identifier = try #require(KeyIdentifier(String(added.dropFirst(3).prefix(16))))
        #expect(outcome(added, in: later.removing([identifier])) == .unknown)
    }

    @Test func anotherPepperMakesAnotherDigest() throws {
        let other = try KeyPepper(bytes: [UInt8](1..<33))
        #expect(try other.digest(of: text) != pepper.digest(of: text))
    }

    /// Known, unknown and mismatching keys are all compared once, with all 32 bytes.
    @Test func everyFormOfKeyCostsOneComparison() throws {
        let unknown = try APIKey.generate().text
        let mismatch = String(text.prefix(20)) + unknown.suffix(43)
        for presented in [text, unknown, mismatch] {
            var asked: [KeyDigest] = []
            Array(presented.utf8).withUnsafeBytes { bytes in
                _ = ring.authenticate(bytes, pepper: pepper, nowMicroseconds: now) {
                    digest, stored in
                    asked.append(digest)
                    return digest == stored
                }
            }
            #expect(asked == [try pepper.digest(of: presented)])
        }
    }

    /// The comparison decides, whatever the digests: nothing before or after it does.
    @Test func theComparisonDecides() {
        Array(text.utf8).withUnsafeBytes { bytes in
            let refused = ring.authenticate(bytes, pepper: pepper, nowMicroseconds: now) { _, _ in
                false
            }
            guard case .failure(.mismatch) = refused else {
                Issue.record("accepted although the comparison said no")
                return
            }
        }
    }
}

extension String {
    fileprivate func replacingCharacter(at place: Int, with character: Character) -> String {
        var characters = Array(self)
        characters[place] = character
        return String(characters)
    }
}
