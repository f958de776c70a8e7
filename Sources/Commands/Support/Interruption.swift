import Dispatch
import Foundation
import Synchronization

/// Lets SIGINT and SIGTERM end the process between files' writes, never within one.
///
/// The handlers run on a queue of their own and wait for a write under way to end; so no temporary file and no image
/// without its sidecar is left, and yet the process ends at once.
final class Interruption: Sendable {
    static let shared = Interruption()

    private let writing = Mutex<Bool>(false)
    private let sources = Mutex<[DispatchHolder]>([])
    private let farewell = Mutex<(@Sendable () -> String)?>(nil)

    /// `@unchecked` because a dispatch source may be used from any thread, which its type does not say.
    private struct DispatchHolder: @unchecked Sendable { let source: any DispatchSourceSignal }

    /// Begins to listen; more calls change nothing.
    func install() {
        sources.withLock { sources in
            guard sources.isEmpty else { return }
            for number in [SIGINT, SIGTERM] {
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [self] in
                    writing.withLock { _ in
                        if Console.standard.isTerminal { Console.standard.err("\r\u{1B}[K") }
                        let done = farewell.withLock { $0 }?()
                        Console.standard.err(
                            "nctd: interrupted\(done.map { ", \($0)" } ?? ""); what was written is whole, run again to do "
                                + "the rest\n")
                        _exit(128 + number)
                    }
                }
                source.resume()
                sources.append(DispatchHolder(source: source))
            }
        }
    }

    /// What is still to be said when a signal ends the process; it returns how far the work was, in words.
    func onEnd(_ body: @escaping @Sendable () -> String) { farewell.withLock { $0 = body } }

    /// Does something that a signal must not cut in two.
    func protecting(_ body: () throws -> Void) throws {
        try writing.withLock { _ in try body() }
    }
}
