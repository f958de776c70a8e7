import Glibc

/// Files that the kernel makes up as they are read, so that their size is not known before.
public enum KernelFile {
    /// As many as can be read; nil where it cannot be opened.
    public static func bytes(_ path: String) -> [UInt8]? {
        guard let file = try? Descriptor(opening: path.utf8, O_RDONLY) else { return nil }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while let got = try? systemCall({ read(file.number, &buffer, buffer.count) }), got > 0 {
            bytes += buffer[..<got]
        }
        return bytes
    }

    public static func lines(_ path: String) -> [String]? {
        bytes(path).map { String(decoding: $0, as: UTF8.self).split(separator: "\n").map(String.init) }
    }

    /// The number on the first line; nil if it is not one.
    public static func number(_ path: String) -> Int? {
        lines(path)?.first.flatMap { Int($0.filter { !$0.isWhitespace }) }
    }
}
