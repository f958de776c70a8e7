import NCTEngine

/// What the fast kernel and its twin, `scalar` being true, make of the same values.
func both<Values>(
    from values: Values, _ body: (_ scalar: Bool, _ values: inout Values) -> Void
) -> (fast: Values, scalar: Values) {
    var (fast, scalar) = (values, values)
    body(false, &fast)
    body(true, &scalar)
    return (fast, scalar)
}

/// Whether a fast kernel's values lie within a tolerance of its twin's, relative to those greater than `floor`.
func agree<Value: BinaryFloatingPoint>(
    _ pair: (fast: [Value], scalar: [Value]), within tolerance: Value, floor: Value = 1
) -> Bool {
    pair.fast.count == pair.scalar.count
        && zip(pair.fast, pair.scalar).allSatisfy { abs($0 - $1) <= tolerance * max(floor, abs($1)) }
}

/// Seeded inputs of kernels.
struct TwinInputs {
    private var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func numbers(_ count: Int, in range: ClosedRange<Float> = -1...1) -> [Float] {
        (0..<count).map { _ in Float.random(in: range, using: &generator) }
    }

    mutating func doubles(_ count: Int, in range: ClosedRange<Double> = -1...1) -> [Double] {
        (0..<count).map { _ in Double.random(in: range, using: &generator) }
    }

    /// Colors in CIELAB.
    mutating func lab(_ count: Int) -> [Float] {
        (0..<count).flatMap { _ in numbers(1, in: 0...100) + numbers(2, in: -60...60) }
    }

    /// Eight floats a pixel: three gains, a zero, three offsets, a zero.
    mutating func vectors(_ count: Int) -> [Float] {
        numbers(8 * count).enumerated().map { $0.offset % 4 == 3 ? 0 : $0.element }
    }

    mutating func labels(_ count: Int, below end: UInt16) -> [UInt16] {
        (0..<count).map { _ in UInt16.random(in: 0..<end, using: &generator) }
    }

    /// All numbers below `count` in random order.
    mutating func order(_ count: Int) -> [Int32] { (0..<Int32(count)).shuffled(using: &generator) }
}
