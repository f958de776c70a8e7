extension UInt64 {
    /// The number that up to eight bytes stand for; of more, the lowest eight.
    @inlinable public init(bytes: some BidirectionalCollection<UInt8>, bigEndian: Bool) {
        func append(_ value: UInt64, _ byte: UInt8) -> UInt64 { value << 8 | UInt64(byte) }
        self = bigEndian ? bytes.reduce(0, append) : bytes.reversed().reduce(0, append)
    }
}
