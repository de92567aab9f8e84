import CWatermark

/// A scheme of the C library. Read-only once made, so that threads may share it.
final class SchemeKernel: @unchecked Sendable {
    let pointer: OpaquePointer
    /// KGW: answers worked out before.
    let greenCache: OpaquePointer?
    private let keys: [Int64]

    /// - Parameter cacheBytes: most memory for green lists.
    init(
        _ manifest: WatermarkManifest, keys: [Int64], hashStart: UInt64, cacheBytes: Int
    ) throws(WatermarkError) {
        var config = swm_config()
        config.struct_size = UInt32(MemoryLayout<swm_config>.size)
        config.kind = UInt32(Self.kind(manifest.scheme).rawValue)
        config.context_width = UInt32(manifest.contextWidth)
        config.vocabulary_size = UInt32(manifest.vocabularySize)
        config.context_history = UInt32(manifest.contextHistory)
        config.table_size = UInt32(manifest.tableSize)
        config.table_seed = UInt32(manifest.tableSeed)
        config.hash_start = hashStart
        config.gamma = manifest.gamma
        config.bias = manifest.bias
        config.alpha = manifest.alpha
        config.payload_symbols = UInt32(manifest.payloadSymbols)
        config.payload_radix = UInt32(manifest.payloadRadix)
        config.key_count = UInt32(keys.count)
        var scheme: OpaquePointer?
        let status = keys.withUnsafeBufferPointer { buffer in
            config.keys = buffer.baseAddress
            return swm_scheme_create(&config, &scheme)
        }
        guard status == Int32(SWM_OK.rawValue), let scheme else {
            throw .manifest(
                path: manifest.path, field: status == Int32(SWM_BAD_KEYS.rawValue) ? "key_ids" : "",
                reason: String(cString: swm_status_text(status)))
        }
        let isKGW = manifest.scheme.hasGreenLists
        let cache = isKGW ? swm_green_cache_create(scheme, cacheBytes) : nil
        if isKGW, cache == nil {
            swm_scheme_destroy(scheme)
            throw .document(reason: "out of memory for green lists")
        }
        pointer = scheme
        greenCache = cache
        self.keys = keys
    }

    /// How many keys differ modulo a number above 0.
    func distinctKeys(modulo size: Int) -> Int {
        Set(keys.map { (Int($0) % size + size) % size }).count
    }

    deinit {
        swm_green_cache_destroy(greenCache)
        swm_scheme_destroy(pointer)
    }

    private static func kind(_ name: SchemeName) -> swm_scheme_kind {
        switch name {
        case .synthid: SWM_SYNTHID_TABLE
        case .synthidDeepMind: SWM_SYNTHID_HASH
        case .kgwLeftHash: SWM_KGW_LEFT
        case .kgwSelfHash: SWM_KGW_SELF
        case .gumbel, .dualKeyGumbel, .candidates: SWM_GUMBEL_PHILOX
        case .sglangGumbel: SWM_GUMBEL_MURMUR
        case .gumbelPayload: SWM_GUMBEL_PAYLOAD
        }
    }
}
