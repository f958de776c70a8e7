/// What is taken for one white cell and lies scattered: bright rims of red cells in uneven light, a hair, an arrow.
///
/// A white cell fills much of the smallest box around it: 0.44 and more in each of 674 cells of labs A to D. Of what
/// fills less on labs E and F nearly all is none, and the rest is a cell with rims attached to it. So what is thin is taken
/// away from it, and of the rest the largest nucleus with what is near it may be a cell, if that is compact.
enum ScatteredCells {
    /// What fills less of its box is no cell. Set on labs E and F: there 6 in 7 of what is no cell fill less.
    private static let leastFill: Float = 0.35
    /// What is thinner than about twice this is a rim, in diameters of a red cell. By eye.
    private static let rim: Float = 0.1

    /// The map with holes filled and without what lies scattered, and how many regions it has.
    ///
    /// - Parameters:
    ///   - cells: regions, holes open.
    ///   - count: how many there are; all have a pixel.
    ///   - leastNucleus: pixels of nucleus that a cell has at least.
    ///   - diameter: of a red cell, in pixels.
    ///   - reach: a cell's cytoplasm is so near to its nucleus, in pixels.
    static func settled(
        _ cells: RegionMap, count: Int, nuclei: PixelMask, leastNucleus: Float, diameter: Float, reach: Int
    ) -> (cells: RegionMap, count: Int) {
        var filled = cells
        filled.fillHoles()
        let scattered = areScattered(filled, count: count)
        guard scattered.contains(true) else { return (filled, count) }
        let thin = Int((rim * diameter).rounded())
        func thick(_ mask: PixelMask?) -> PixelMask {
            PixelMask(
                width: cells.width, height: cells.height,
                isSet: cells.owners.enumerated().map { pixel, owner in
                    owner >= 0 && scattered[Int(owner)] && mask.map { $0.isSet[pixel] } ?? true
                }
            ).shrunk(by: thin).grown(by: thin)
        }
        let (body, near) = (thick(nil), largestPieces(thick(nuclei), cells, count).grown(by: reach))
        var reduced = RegionMap(
            width: cells.width, height: cells.height,
            owners: cells.owners.enumerated().map { pixel, owner in
                owner >= 0 && scattered[Int(owner)] && !(body.isSet[pixel] && near.isSet[pixel]) ? -1 : owner
            })
        reduced.fillHoles()
        var next: Int32 = 0
        let numbers = zip(areScattered(reduced, count: count), reduced.areas(count: count, in: nuclei.isSet)).map {
            isScattered, nucleus -> Int32 in
            guard !isScattered, Float(nucleus) >= leastNucleus else { return -1 }
            next += 1
            return next - 1
        }
        let owners = reduced.owners.map { $0 < 0 ? -1 : numbers[Int($0)] }
        return (RegionMap(width: cells.width, height: cells.height, owners: owners), Int(next))
    }

    private static func areScattered(_ cells: RegionMap, count: Int) -> [Bool] {
        zip(cells.areas(count: count), cells.bounds(count: count)).map { area, box in
            area == 0 || Float(area) < leastFill * Float(box.width * box.height)
        }
    }

    /// The largest connected piece of a mask in each region; of equal ones the first.
    private static func largestPieces(_ mask: PixelMask, _ cells: RegionMap, _ count: Int) -> PixelMask {
        let spots = ConnectedSpots(mask)
        var regions = [Int](repeating: -1, count: spots.areas.count)
        for (pixel, spot) in spots.labels.enumerated() where spot >= 0 && cells.owners[pixel] >= 0 {
            regions[Int(spot)] = Int(cells.owners[pixel])
        }
        var largest = [Int?](repeating: nil, count: count)
        for spot in spots.areas.indices where regions[spot] >= 0 {
            let best = largest[regions[spot]].map { spots.areas[$0] } ?? 0
            if spots.areas[spot] > best { largest[regions[spot]] = spot }
        }
        return spots.mask { regions[$0] >= 0 && largest[regions[$0]] == $0 }
    }
}
