import Foundation

/// Makes safetensors files for tests.
public enum SafetensorsFile {
    /// The bytes of a file of F32 tensors.
    public static func bytes(of tensors: [String: (shape: [Int], values: [Float])]) -> [UInt8] {
        var header: [String: Any] = [:]
        var data: [UInt8] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = data.count
            tensor.values.withUnsafeBytes { data.append(contentsOf: $0) }
            header[name] =
                ["dtype": "F32", "shape": tensor.shape, "data_offsets": [start, data.count]] as [String: Any]
        }
        let json = (try? JSONSerialization.data(withJSONObject: header)) ?? Data()
        var bytes = withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) }
        bytes += json
        return bytes + data
    }
}
