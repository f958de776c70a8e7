import CheckedArithmetic
import Files
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
            if let high = KernelFile.number(root + group + "/memory.high") { bytes = min(bytes, high / 5 * 4) }
            if let most = KernelFile.number(root + group + "/memory.max") { bytes = min(bytes, most / 10 * 7) }
        }
        return bytes
    }

    /// The directories of this process's control groups (version 2), the innermost first.
    private static func groups(root: String) -> [String] {
        guard let line = KernelFile.lines(root + "/proc/self/cgroup")?.first(where: { $0.hasPrefix("0::/") }) else {
            return []
        }
        var path = String(line.dropFirst(3))
        var groups: [String] = []
        while path != "/", !path.isEmpty {
            groups.append("/sys/fs/cgroup" + path)
            path = (path as NSString).deletingLastPathComponent
        }
        return groups + ["/sys/fs/cgroup"]
    }
}
