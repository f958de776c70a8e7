import CheckedArithmetic
import Files

/// Which planes of a file are red, green and blue, as OME-XML or ImageJ's description says it.
///
/// Sources: OME-TIFF specification 6.0 and OME schema 2016-06; ImageJ's `TiffEncoder` and `TiffDecoder`.
struct ChannelDescription: Equatable {
    /// Channels that the description counts; 1 is an ordinary picture.
    var channels = 1
    /// Indices of the planes that are red, green and blue at the first focus and time; nil where nothing says which.
    var planes: [Int]?
    /// Names of the channels, for a message.
    var names: [String] = []
    /// How many of 16 bits count, as the description says.
    var sampleBits: Int?

    /// - Parameter lookupTables: ImageJ's, 768 bytes for each channel.
    init(_ text: String, lookupTables: [ArraySlice<UInt8>] = []) {
        if text.utf8.prefix(4096).contains(UInt8(ascii: "<")), text.contains("<OME") || text.contains(":OME") {
            readOME(text)
        } else if text.hasPrefix("ImageJ=") {
            readImageJ(text, lookupTables)
        }
    }

    private struct Channel {
        var name = ""
        var color: (red: Int, green: Int, blue: Int)?

        /// 0, 1 or 2 for red, green or blue, by its name, else by its color.
        // bounded: colors have 8 bits
        var primary: Int? {
            let words = name.lowercased().split { !$0.isLetter }.map(String.init)
            for (index, letter) in ["r", "g", "b"].enumerated() {
                let word = ["red", "green", "blue"][index]
                if words.contains(word) || words == [letter] { return index }
            }
            guard let color else { return nil }
            let values = [color.red, color.green, color.blue]
            guard let most = values.indices.max(by: { values[$0] < values[$1] }), values[most] > 0 else { return nil }
            return values.indices.allSatisfy { $0 == most || values[$0] * 4 < values[most] } ? most : nil
        }
    }

    /// Which of three channels is red, green and blue.
    private static func order(_ channels: [Channel]) -> [Int]? {
        let primaries = channels.map(\.primary)
        let order = (0..<3).compactMap { primaries.firstIndex(of: $0) }
        return channels.count == 3 && order.count == 3 ? order : nil
    }

    // bounded: texts become numbers or nil, colors have 8 bits, and the step is held to 20 bits
    private mutating func readOME(_ text: String) {
        var found: [Channel] = []
        var dimensions = (order: "XYCZT", z: 1, t: 1)
        var places: [Int: Int] = [:]
        var isInside = false
        for element in MarkupScanner(text.utf8) {
            if element.name == "Pixels" {
                if isInside { break }  // of the first image
                isInside = true
                channels = element["SizeC"].flatMap { Int($0) } ?? 1
                sampleBits = element["SignificantBits"].flatMap { Int($0) }
                dimensions = (
                    element["DimensionOrder"] ?? "XYCZT", element["SizeZ"].flatMap { Int($0) } ?? 1,
                    element["SizeT"].flatMap { Int($0) } ?? 1
                )
            } else if isInside, element.name == "Channel" {
                // One channel of three samples per pixel is RGB by itself.
                if let samples = element["SamplesPerPixel"].flatMap({ Int($0) }), samples >= 3 {
                    channels = 1
                    return
                }
                let color = element["Color"].flatMap { Int32($0) }.map { UInt32(bitPattern: $0) }
                found.append(
                    Channel(
                        name: element["Name"] ?? "",
                        color: color.map { (Int($0 >> 24), Int($0 >> 16 & 255), Int($0 >> 8 & 255)) }))
            } else if isInside, element.name == "TiffData", let channel = element["FirstC"].flatMap({ Int($0) }),
                let place = element["IFD"].flatMap({ Int($0) }), (element["FirstZ"] ?? "0") == "0",
                (element["FirstT"] ?? "0") == "0"
            {
                places[channel] = place
            }
        }
        names = found.map(\.name)
        let step: Int?
        switch dimensions.order.dropFirst(2) {
        case "CZT", "CTZ": step = 1
        case "ZCT": step = dimensions.z
        case "TCZ": step = dimensions.t
        default: step = dimensions.z *? dimensions.t
        }
        guard let step, (1..<1 << 20).contains(step) else { return }
        planes = Self.order(found)?.map { places.count == 3 ? places[$0] ?? 0 : $0 * step }
    }

    // bounded: texts become numbers or nil, and a table has bytes
    private mutating func readImageJ(_ text: String, _ lookupTables: [ArraySlice<UInt8>]) {
        var values: [Substring: Substring] = [:]
        for line in text.prefix(65536).split(whereSeparator: \.isNewline) {
            guard let sign = line.firstIndex(of: "=") else { continue }
            values[line[..<sign]] = line[line.index(after: sign)...]
        }
        channels = values["channels"].flatMap { Int($0) } ?? 1
        // The range that is shown tells the bits where it is all of them.
        if let most = values["max"].flatMap({ Double($0) }) {
            sampleBits = (8..<16).first { Double(1 << $0 - 1) == most }
        }
        guard channels == 3 else { return }
        if lookupTables.count == 3 {
            planes = Self.order(
                lookupTables.map { table in
                    let last = Array(table)
                    guard last.count == 768 else { return Channel() }
                    return Channel(color: (Int(last[255]), Int(last[511]), Int(last[767])))
                })
        } else if let mode = values["mode"], mode == "composite" || mode == "color" {
            // Without tables ImageJ shows them so.
            planes = [0, 1, 2]
        }
    }
}

/// ImageJ's binary metadata (tags 50838 and 50839): the lookup tables of the channels.
enum ImageJMetadata {
    /// - Parameters:
    ///   - counts: bytes of the header and of each entry.
    ///   - bytes: of all of them.
    static func lookupTables(counts: [Int], bytes: ArraySlice<UInt8>) -> [ArraySlice<UInt8>] {
        guard let headerSize = counts.first, headerSize >= 4, headerSize <= bytes.count else { return [] }
        let header = Array(bytes.prefix(headerSize))
        // "IJIJ", in the order of the file's bytes.
        let view = ByteReader(bytes: header, bigEndian: header.starts(with: Array("IJIJ".utf8)))
        var (tables, index, at) = ([ArraySlice<UInt8>](), 1, bytes.startIndex +? headerSize)
        for place in stride(from: 4, to: headerSize &- 7, by: 8) {
            guard let type = view.u32(at: place), let number = view.u32(at: place &+ 4), number < counts.count else {
                break
            }
            for _ in 0..<number {
                guard index < counts.count, let start = at, let end = start +? counts[index], counts[index] >= 0,
                    end <= bytes.endIndex
                else { return tables }
                // "luts"
                if type == 0x6C75_7473 { tables.append(bytes[start..<end]) }
                (index, at) = (index &+ 1, end)
            }
        }
        return tables
    }
}
