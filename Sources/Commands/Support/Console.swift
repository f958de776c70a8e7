import Files
import Foundation
import Synchronization

/// Where a command writes: standard output for what was asked for, standard error for all else.
public struct Console: Sendable {
    /// Writes to standard output as it is.
    public var out: @Sendable (String) -> Void
    /// Writes to standard error as it is.
    public var err: @Sendable (String) -> Void
    /// True if standard error is a terminal, so that a progress bar may be drawn there.
    public var isTerminal: Bool
    /// Columns of that terminal.
    public var width: Int

    public init(
        out: @escaping @Sendable (String) -> Void, err: @escaping @Sendable (String) -> Void,
        isTerminal: Bool = false, width: Int = 80
    ) {
        self.out = out
        self.err = err
        self.isTerminal = isTerminal
        self.width = width
    }

    /// The console of the command under way.
    @TaskLocal public static var current = Console.standard

    /// A line on standard output.
    func say(_ line: String) { out(line + "\n") }

    /// A line on standard error.
    func tell(_ line: String) { err(line + "\n") }

    /// A warning or an error on standard error, under the program's name.
    func warn(_ line: String) { err("nctd: " + line + "\n") }

    // MARK: The process's own

    /// Set if something could not be written to standard output (a full disk behind a redirection, a closed pipe).
    static let outputFailed = Atomic<Bool>(false)

    /// The process's own output and error.
    public static let standard: Console = {
        var size = winsize()
        let isTerminal = isatty(STDERR_FILENO) == 1
        let hasSize = isTerminal && ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20
        return Console(
            out: { if !write($0, to: STDOUT_FILENO) { outputFailed.store(true, ordering: .relaxed) } },
            err: { _ = write($0, to: STDERR_FILENO) },
            isTerminal: isTerminal, width: hasSize ? Int(size.ws_col) : 80)
    }()

    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            do throws(Errno) {
                let count = try systemCall {
                    bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
                }
                bytes = bytes.dropFirst(count)
            } catch {
                // A pipe that another program made not to wait, and that is full.
                if error.code != EAGAIN { return false }
            }
        }
        return true
    }
}
