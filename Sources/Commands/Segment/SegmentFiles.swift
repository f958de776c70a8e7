import Foundation
import NCTEngine

/// The text files that `nctd segment` writes about a capture's white cells.
enum SegmentFiles {
    /// YOLO labels: a line per white cell, the number of its likeliest kind (in the order of `WhiteCellKind.allCases`), then
    /// center and size of its box, relative to the image.
    static func labels(_ cells: [WhiteCell], width: Int, height: Int) -> [UInt8] {
        let (w, h) = (Double(width), Double(height))
        let lines = cells.map { cell in
            let box = cell.bounds
            return String(
                format: "%d %.6f %.6f %.6f %.6f\n", cell.kinds.likeliest.number,
                (Double(box.x) + Double(box.width) / 2) / w, (Double(box.y) + Double(box.height) / 2) / h,
                Double(box.width) / w, Double(box.height) / h)
        }
        return [UInt8](lines.joined().utf8)
    }

    /// What `Training/kinds.py` learns from, as safetensors: `crops` (cells × 96 × 96 × 10: L*, a*, b*, the share of each
    /// `SmearClass`, of the cell and of its nucleus), `boxes` (cells × 4: left, top, right, bottom in the capture's
    /// pixels), `sizes` (cells × 2: logarithms of the areas of nucleus and cell in red cells), and where the field has
    /// them, `background` and `red_cell` (median L*, a*, b*).
    static func crops(_ cells: WhiteCells, of segmentation: SmearSegmentation) -> [UInt8] {
        var tensors: [(name: String, shape: [Int], values: [Float])] = []
        let count = cells.cells.count
        let side = KindCrops.side
        let crops = KindCrops(of: cells, segmentation)
        tensors.append(("crops", [count, side, side, KindCrops.channels], crops.maps.flatMap(\.values)))
        tensors.append(
            (
                "boxes", [count, 4],
                cells.cells.flatMap { cell in
                    let box = cell.bounds
                    return [box.x, box.y, box.x + box.width, box.y + box.height].map(Float.init)
                }
            ))
        tensors.append(("sizes", [count, 2], cells.cells.flatMap { [log($0.nucleusArea), log($0.area)] }))
        for (name, color) in [("background", crops.background), ("red_cell", crops.redCell)] {
            if let color { tensors.append((name, [3], [color.x, color.y, color.z])) }
        }
        return safetensors(tensors)
    }

    private static func safetensors(_ tensors: [(name: String, shape: [Int], values: [Float])]) -> [UInt8] {
        var entries: [String] = []
        var data: [UInt8] = []
        for tensor in tensors {
            let start = data.count
            for value in tensor.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            entries.append(
                #""\#(tensor.name)":{"dtype":"F32","shape":\#(tensor.shape),"data_offsets":[\#(start),\#(data.count)]}"#
            )
        }
        let header = [UInt8]("{\(entries.joined(separator: ","))}".utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian) { [UInt8]($0) } + header + data
    }
}
