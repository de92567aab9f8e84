import CNative

/// What the allocator holds for later.
enum Memory {
    /// Gives freed memory back to the system: between two steps of which the first held much in small pieces, it would stay
    /// until the end, and the largest use would be that of both.
    static func giveBack() { sw_give_back_memory() }
}
