import CheckedArithmetic
import Foundation

/// How much memory there is for captures: what the machine has, and what its control group may use (a service's
/// `MemoryHigh=` and `MemoryMax=`).
public enum MachineMemory {
    /// What the captures in work may take together, in bytes: half of the machine's memory, and no more than four fifths
    /// of the least soft limit, or seven tenths of the least hard one, of the groups around this process. The rest is for
    /// prepared references, networks and everyone else.
    public static func forCaptures(root: String = "") -> Int {
        var bytes = Int(clamping: ProcessInfo.processInfo.physicalMemory) / 2
        for group in groups(root: root) {
            if let high = limit(root + group + "/memory.high") { bytes = min(bytes, high / 5 * 4) }
            if let most = limit(root + group + "/memory.max") { bytes = min(bytes, most / 10 * 7) }
        }
        return bytes
    }

    /// The directories of this process's control groups (version 2), the innermost first.
    private static func groups(root: String) -> [String] {
        guard let text = read(root + "/proc/self/cgroup"),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("0::/") })
        else { return [] }
        var path = String(line.dropFirst(3))
        var groups: [String] = []
        while path != "/", !path.isEmpty {
            groups.append("/sys/fs/cgroup" + path)
            path = (path as NSString).deletingLastPathComponent
        }
        return groups + ["/sys/fs/cgroup"]
    }

    /// A limit in bytes; nil where there is none.
    private static func limit(_ path: String) -> Int? {
        read(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func read(_ path: String) -> String? {
        guard let file = FileHandle(forReadingAtPath: path) else { return nil }
        defer { try? file.close() }
        return (try? file.read(upToCount: 4096)).map { String(decoding: $0, as: UTF8.self) }
    }
}
