import TOMLKit

/// Reads one table of a TOML document and gathers every problem on the way, rather than ending at the first.
///
/// Each accessor names the key it expects and what is right for it; ``finish()`` reports keys that nobody asked for.
/// All read from the same ``ProblemLog``.
public struct TableReader {
    private let table: TOMLTable
    /// The names of the tables around this one.
    private let path: [String]
    private let log: ProblemLog
    private var known: Set<String> = []

    public init(_ table: TOMLTable, path: [String] = [], log: ProblemLog) {
        self.table = table
        self.path = path
        self.log = log
    }

    /// True if the key stands in the table, whatever its value.
    public func contains(_ key: String) -> Bool { table.contains(key: key) }

    /// The text at a key; nil if it is missing or no text (which is a problem).
    public mutating func string(_ key: String) -> String? {
        value(key, "a text in quotes") { $0.string }
    }

    /// One of a few words.
    public mutating func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) -> Choice? where Choice.RawValue == String {
        word(key, among: Choice.allCases.map(\.rawValue)).flatMap(Choice.init(rawValue:))
    }

    /// The same by the words themselves.
    mutating func word(_ key: String, among words: [String]) -> String? {
        guard let word = string(key) else { return nil }
        if words.contains(word) { return word }
        let nearest = NearestName.of(word, among: words).map { "did you mean \"\($0)\"? " } ?? ""
        report(
            [key], "\"\(word)\" is none of its values",
            remedy: nearest + "use " + words.map { "\"\($0)\"" }.joined(separator: ", "))
        return nil
    }

    public mutating func bool(_ key: String) -> Bool? {
        value(key, "true or false") { $0.bool }
    }

    /// A whole number in a range.
    public mutating func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = value(key, "a whole number from \(Self.text(range))", { $0.int }) else { return nil }
        guard range.contains(number) else {
            report([key], "\(number) is out of range", remedy: "use a whole number from \(Self.text(range))")
            return nil
        }
        return number
    }

    /// A number in a range; a whole number serves as well.
    public mutating func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        let expected = "a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        guard let number = value(key, expected, { $0.double ?? $0.int.map(Double.init) }) else { return nil }
        guard range.contains(number) else {
            report([key], "\(Self.text(number)) is out of range", remedy: "use \(expected)")
            return nil
        }
        return number
    }

    /// A list of texts, with the number of elements that it may have.
    public mutating func strings(_ key: String, count: ClosedRange<Int>) -> [String]? {
        list(key, "a list of \(Self.text(count)) texts in quotes", count: count) { $0.string }
    }

    /// A list of whole numbers, each in a range.
    public mutating func integers(_ key: String, in range: ClosedRange<Int>, count: ClosedRange<Int>) -> [Int]? {
        let expected = "a list of whole numbers from \(Self.text(range))"
        guard let numbers = list(key, expected, count: count, { $0.int }) else { return nil }
        var isGood = true
        for (index, number) in numbers.enumerated() where !range.contains(number) {
            report([key, String(index)], "\(number) is out of range", remedy: "use \(expected)")
            isGood = false
        }
        return isGood ? numbers : nil
    }

    /// A table inside this one; nil if there is none.
    public mutating func table(_ key: String) -> TableReader? {
        guard let inner = value(key, "a table, written [\((path + [key]).joined(separator: "."))]", { $0.table })
        else { return nil }
        return TableReader(inner, path: path + [key], log: log)
    }

    /// Stands for a table that may be left out: it reads as one without keys.
    func empty(_ key: String) -> TableReader { TableReader(TOMLTable(), path: path + [key], log: log) }

    /// The tables of an array of tables, `[[key]]`, in order.
    public mutating func tables(_ key: String) -> [TableReader] {
        let expected =
            "tables, each under a line [[\((path + [key]).filter { Int($0) == nil }.joined(separator: "."))]]"
        let inner = list(key, expected, count: 0...Int.max) { $0.table } ?? []
        return inner.enumerated().map { TableReader($1, path: path + [key, String($0)], log: log) }
    }

    /// Reports that a required key is missing.
    public mutating func require(_ key: String, remedy: String) {
        known.insert(key)
        if !contains(key) { report([key], "is missing", remedy: remedy) }
    }

    /// Notes a problem with a key of this table, or with an element of its list (`[key, index]`).
    public func report(_ keys: [String], _ message: String, remedy: String) {
        log.report(path + keys, message, remedy: remedy)
    }

    /// Reports every key that no accessor asked for, with the known key that was probably meant.
    public func finish() {
        for key in table.keys.sorted() where !known.contains(key) {
            let candidates = known.subtracting(table.keys)
            let remedy =
                NearestName.of(key, among: candidates.sorted()).map { "did you mean \($0)?" }
                ?? "remove it; known keys are \(known.sorted().joined(separator: ", "))"
            report([key], "unknown key", remedy: remedy)
        }
    }

    // MARK: Values

    private mutating func value<Value>(
        _ key: String, _ expected: String, _ convert: (TOMLValueConvertible) -> Value?
    ) -> Value? {
        known.insert(key)
        guard let found = table[key] else { return nil }
        if let value = convert(found) { return value }
        report([key], "is \(Self.name(of: found.type))", remedy: "use \(expected)")
        return nil
    }

    private mutating func list<Element>(
        _ key: String, _ expected: String, count: ClosedRange<Int>, _ convert: (TOMLValueConvertible) -> Element?
    ) -> [Element]? {
        guard let array = value(key, expected, { $0.array }) else { return nil }
        guard count.contains(array.count) else {
            report([key], array.isEmpty ? "is empty" : "has \(array.count) elements", remedy: "use \(expected)")
            return nil
        }
        var elements: [Element] = []
        for (index, item) in array.enumerated() {
            if let element = convert(item) {
                elements.append(element)
            } else {
                report([key, String(index)], "has \(Self.name(of: item.type)) in it", remedy: "use \(expected)")
            }
        }
        return elements.count == array.count ? elements : nil
    }

    private static func name(of type: TOMLType) -> String {
        switch type {
        case .table: "a table"
        case .array: "a list"
        case .string: "a text"
        case .int: "a whole number"
        case .double: "a number with decimals"
        case .bool: "true or false"
        case .date: "a date"
        case .time: "a time"
        case .dateTime: "a date with a time"
        }
    }

    private static func text(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == .max { return "\(range.lowerBound) up" }
        return range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
    }

    private static func text(_ number: Double) -> String {
        number == number.rounded() && abs(number) < 1e15 ? String(Int(number)) : String(number)
    }
}
