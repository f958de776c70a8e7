import Files
import Glibc

/// Errors of the system that speak of the machine or the process, not of the file that met them.
enum SystemTrouble {
    /// The system's words, and for a shortage its name and what to do.
    static func text(_ code: Int32) -> String {
        let words = "\(Errno(code: code))"
        switch code {
        case EMFILE:
            return "\(words) in this process (EMFILE); raise LimitNOFILE= of nctd.service, or lower daemon.workers"
        case ENFILE: return "\(words) on this machine (ENFILE); raise fs.file-max with sysctl"
        case ENOMEM: return "\(words) (ENOMEM); lower daemon.workers or daemon.memory_mebibytes"
        default: return words
        }
    }
}
