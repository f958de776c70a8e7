import Glibc

/// Tells whether a descriptor leads to the journal, so that entries may go there directly and lose no field.
public enum JournalStream {
    /// True if the descriptor is the stream that `$JOURNAL_STREAM` names as `DEVICE:INODE`.
    ///
    /// A service whose standard error was redirected since is not taken in by a variable that it inherited.
    ///
    /// - Parameter variable: the value of `$JOURNAL_STREAM`.
    public static func isJournal(_ descriptor: Int32 = STDERR_FILENO, variable: String?) -> Bool {
        guard let numbers = variable?.split(separator: ":", omittingEmptySubsequences: false), numbers.count == 2,
            let device = UInt64(numbers[0]), let inode = UInt64(numbers[1])
        else { return false }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return false }
        return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
    }
}
