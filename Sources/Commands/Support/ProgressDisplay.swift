import Config
import Foundation

/// Tells how far a run is: a bar that is drawn over itself on a terminal, one line per file elsewhere.
struct ProgressDisplay {
    private let console: Console
    private let total: Int
    private let isQuiet: Bool
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var finished = 0
    private var fraction = 0.0
    private var current = ""
    private let usesBlocks: Bool

    /// - Parameter isQuiet: draws no bar even on a terminal.
    init(console: Console, total: Int, isQuiet: Bool = false) {
        self.console = console
        self.total = total
        self.isQuiet = isQuiet
        start = clock.now
        let environment = ProcessInfo.processInfo.environment
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        usesBlocks = locale.lowercased().replacing("-", with: "").contains("utf8")
    }

    private var showsBar: Bool { console.isTerminal && !isQuiet }

    /// Seconds since the display was made.
    var elapsed: Double { start.duration(to: clock.now) / .seconds(1) }

    mutating func begin(_ name: String) {
        current = PrintableName.text(name)
        fraction = 0
        redraw("decoding")
    }

    /// A stage of the current file has ended; the bar names the one that follows.
    mutating func advance(_ stage: String) {
        guard let index = Self.stages.firstIndex(where: { $0.name == stage }) else { return }
        fraction = max(fraction, Self.stages[index].end)
        redraw(index + 1 < Self.stages.count ? Self.stages[index + 1].name : "writing")
    }

    /// The current file is done; prints its line where there is no bar, and lines worth keeping in any case.
    mutating func end(line: String, isWorthKeeping: Bool, to write: (String) -> Void) {
        finished += 1
        fraction = 0
        if showsBar {
            clear()
            if isWorthKeeping { console.tell(line) }
            if finished < total { redraw() }
        } else {
            let digits = String(total).count
            let number = String(finished)
            write("[\(String(repeating: " ", count: digits - number.count))\(number)/\(total)] \(line)")
        }
    }

    /// Takes the bar away.
    func clear() {
        if showsBar { console.err("\r\u{1B}[K") }
    }

    private func redraw(_ stage: String = "") {
        guard showsBar else { return }
        console.err("\r" + bar(stage: stage) + "\u{1B}[K")
    }

    /// The bar with counts, time left, and the file's name cut to what room there is.
    private func bar(stage: String) -> String {
        let done = (Double(finished) + fraction) / Double(max(1, total))
        let room = 24
        let filled = min(room, Int((done * Double(room)).rounded()))
        let bar =
            usesBlocks
            ? String(repeating: "█", count: filled) + String(repeating: "░", count: room - filled)
            : "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: room - filled) + "]"
        var text = "\(bar) \(finished)/\(total)"
        if done > 0.01, elapsed > 0.5 {
            text += "  \(Self.clockText(elapsed / done - elapsed)) left"
        }
        let name = stage.isEmpty ? current : "\(current) (\(stage))"
        let left = console.width - text.count - 3
        if left > 8 { text += "  " + (name.count > left ? "…" + name.suffix(left - 1) : name) }
        return text
    }

    /// `m:ss`, or `h:mm:ss` from an hour on.
    static func clockText(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds).rounded(.up))
        let pad = { (number: Int) in number < 10 ? "0\(number)" : "\(number)" }
        return whole < 3600
            ? "\(whole / 60):\(pad(whole % 60))" : "\(whole / 3600):\(pad(whole / 60 % 60)):\(pad(whole % 60))"
    }

    /// The stages in their order, and about how much of a file's time is over when each ends.
    private static let stages: [(name: String, end: Double)] = [
        ("decoding", 0.02), ("features", 0.2), ("projection", 0.22), ("clustering", 0.23), ("search", 0.65),
        ("vote", 0.68), ("transfer", 0.9), ("recoloring", 0.92), ("quality", 0.97),
        ("encoding", 1),
    ]
}
