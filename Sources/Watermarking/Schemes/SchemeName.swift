/// The schemes that a manifest can name.
package enum SchemeName: String, CaseIterable, Hashable, Sendable {
    /// SynthID-Text as in Hugging Face transformers (Dathathri et al., Nature 634, 2024), with a sampling table.
    case synthid
    /// SynthID-Text as in google-deepmind/synthid-text's main branch; not interoperable with `synthid`.
    case synthidDeepMind = "synthid_deepmind"
    /// Green lists seeded by the last token (Kirchenbauer et al., arXiv 2301.10226), as in transformers.
    case kgwLeftHash = "kgw_lefthash"
    /// Green lists seeded by the least hash over a window that ends with the token itself, as in transformers.
    case kgwSelfHash = "kgw_selfhash"
    /// Gumbel-max (Aaronson 2022) over Philox, as vLLM's `gumbel`.
    case gumbel
    /// Gumbel-max with one of two keys for each token, as vLLM's `dual_key_gumbel`.
    case dualKeyGumbel = "dual_key_gumbel"
    /// Gumbel-max over MurmurHash3, as SGLang's, with one key or two.
    case sglangGumbel = "sglang_gumbel"
    /// Gumbel-max over Philox with a payload that names an account or campaign.
    case gumbelPayload = "gumbel_payload"
    /// The best of several answers by a keyed score of their words (Bahri and Wieting, arXiv 2410.02099).
    case candidates

    /// KGW: green lists.
    var hasGreenLists: Bool { self == .kgwLeftHash || self == .kgwSelfHash }

    /// Fields of a manifest that belong to this scheme, beside those that every scheme has.
    var fields: Set<String> {
        switch self {
        case .synthid:
            [
                "context_width", "vocabulary_size", "context_history", "depth", "table_size",
                "table_seed",
            ]
        case .synthidDeepMind:
            ["context_width", "vocabulary_size", "context_history", "depth"]
        case .kgwLeftHash, .kgwSelfHash: ["context_width", "vocabulary_size", "gamma", "bias"]
        case .gumbel: ["context_width", "vocabulary_size", "context_history"]
        case .dualKeyGumbel, .sglangGumbel:
            ["context_width", "vocabulary_size", "context_history", "alpha"]
        case .gumbelPayload:
            [
                "context_width", "vocabulary_size", "context_history", "payload_symbols",
                "payload_radix",
            ]
        case .candidates: ["context_width"]
        }
    }

    /// Fields among those that may be left out.
    var optionalFields: Set<String> { self == .sglangGumbel ? ["alpha"] : [] }
}
