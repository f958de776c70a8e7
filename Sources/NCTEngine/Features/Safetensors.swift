import CheckedArithmetic
import Foundation

/// The safetensors container: an 8-byte little-endian header length, a JSON header, raw little-endian tensors.
///
/// Source: the format's public description (Hugging Face, safetensors). Only what the engine reads: F32, F16, U8.
package struct Safetensors {
    package struct Entry: Equatable {
        package let type: String
        package let shape: [Int]
        package let range: Range<Int>
    }

    package let entries: [String: Entry]
    private let bytes: [UInt8]

    /// Parses the header and checks every offset against the file's size.
    ///
    /// Throws ``EngineError/Code/invalidWeights``.
    // bounded: each length and offset is held against the file's size before it is used
    package init(_ bytes: [UInt8]) throws {
        func fail(_ message: String, _ tensor: String? = nil) -> EngineError {
            EngineError(
                .invalidWeights, message, subject: tensor.map { .tensor($0) },
                remedy: "use a complete safetensors file of VGG-19's convolutions (docs/profile.md)")
        }
        guard bytes.count >= 8 else { throw fail("a weights file of \(bytes.count) bytes has no header") }
        let length = UInt64(bytes: bytes[0..<8], bigEndian: false)
        guard length <= UInt64(bytes.count - 8), length <= 100_000_000 else {
            throw fail("the header of \(length) bytes does not fit into a file of \(bytes.count) bytes")
        }
        let start = 8 + Int(length)
        guard let header = try? JSONSerialization.jsonObject(with: Data(bytes[8..<start])) as? [String: Any] else {
            throw fail("the header is no JSON object")
        }
        var entries: [String: Entry] = [:]
        for (name, value) in header where name != "__metadata__" {
            guard let fields = value as? [String: Any], let type = fields["dtype"] as? String,
                let shape = fields["shape"] as? [Int], let offsets = fields["data_offsets"] as? [Int],
                offsets.count == 2, shape.allSatisfy({ $0 >= 0 && $0 < 1 << 31 })
            else { throw fail("the header's entry has no dtype, shape and data_offsets", name) }
            guard offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= bytes.count - start else {
                throw fail("the data lies outside of the file, which may be cut off", name)
            }
            let width = ["F32": 4, "F16": 2, "U8": 1][type]
            let (elements, overflow) = shape.reduce((1, false)) {
                let (product, over) = $0.0.multipliedReportingOverflow(by: $1)
                return (product, $0.1 || over)
            }
            if let width {
                guard !overflow, elements <= bytes.count, elements * width == offsets[1] - offsets[0] else {
                    throw fail("\(offsets[1] - offsets[0]) bytes do not hold \(type) values of shape \(shape)", name)
                }
            }
            entries[name] = Entry(type: type, shape: shape, range: start + offsets[0]..<start + offsets[1])
        }
        self.entries = entries
        self.bytes = bytes
    }

    /// A tensor's values as single precision. Throws if it is missing, or of another shape or type than F32 and F16.
    package func floats(_ name: String, shape: [Int]) throws -> [Float] {
        func fail(_ message: String) -> EngineError {
            EngineError(
                .invalidWeights, message, subject: .tensor(name),
                remedy: "use weights with the names and shapes that docs/profile.md tells of")
        }
        guard let entry = entries[name] else {
            throw fail("the tensor is missing")
        }
        guard entry.shape == shape else {
            throw fail("the tensor's shape is \(entry.shape), not \(shape)")
        }
        let data = bytes[entry.range]
        let values: [Float]
        switch entry.type {
        case "F32":
            values = data.withUnsafeBytes { raw in
                (0..<raw.count / 4).map {
                    Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)))
                }
            }
        case "F16":
            values = data.withUnsafeBytes { raw in
                (0..<raw.count / 2).map {
                    Self.float(
                        half: UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)))
                }
            }
        default:
            throw fail("the tensor's type is \(entry.type), not F32 or F16")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw fail("the tensor holds values that are not finite")
        }
        return values
    }

    /// The raw bytes of a U8 tensor.
    package func bytes(_ name: String) throws -> [UInt8] {
        guard let entry = entries[name], entry.type == "U8" else {
            throw EngineError(
                .invalidWeights, "there is no tensor of bytes of that name", subject: .tensor(name),
                remedy: "use a complete file")
        }
        return Array(bytes[entry.range])
    }

    /// IEEE 754 half to single precision; `Float16` is not available on every platform the engine builds for.
    // bounded: the parts of a number of 16 bits
    static func float(half bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1F
        let fraction = UInt32(bits & 0x3FF)
        switch exponent {
        case 0: return Float(bitPattern: sign) + (sign == 0 ? 1 : -1) * Float(fraction) * 0x1p-24
        case 31: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
