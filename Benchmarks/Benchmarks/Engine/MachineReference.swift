/// A fixed piece of arithmetic that fits the second-level cache: its time stands for the machine's speed.
enum MachineReference {
    /// 2²⁸ multiplications with as many additions, on 16 Ki floats.
    static func multiplyAndAdd() -> Float {
        var values = (0..<16384).map { Float($0) * 1e-5 }
        values.withUnsafeMutableBufferPointer { values in
            for _ in 0..<16384 {
                for index in values.indices { values[index] = values[index] * 0.9999 + 1e-4 }
            }
        }
        return values[123]
    }
}
