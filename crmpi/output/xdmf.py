"""The `.xdmf` sidecar that lets ParaView and VisIt read an `.athdf` file: one rectilinear grid per
block, arrays by reference."""

from pathlib import Path
from xml.sax.saxutils import escape


def xdmf_text(path, time, tree, groups, precision):
    """Return the sidecar of the snapshot `path`.

    Parameters
    ----------
    groups : dict
        data set name to its `Variable`s, in order
    precision : {"f4", "f8"}
    """
    blocks = [
        _block(Path(path).name, number, tree, groups, int(precision[1]))
        for number in range(tree.nblock)
    ]
    return "\n".join(
        [
            '<?xml version="1.0" ?>',
            '<Xdmf Version="2.0">',
            "<Domain>",
            '<Grid Name="Mesh" GridType="Collection">',
        ]
        + [f'<Time Value="{time!r}"/>', *blocks, "</Grid>", "</Domain>", "</Xdmf>", ""]
    )


def _block(name, number, tree, groups, size):
    n1, n2, n3 = tree.block
    lines = [f'<Grid Name="Block{number}" GridType="Uniform">']
    lines.append(
        f'<Topology TopologyType="3DRectMesh" NumberOfElements="{n3 + 1} {n2 + 1} {n1 + 1}"/>'
    )
    lines.append('<Geometry GeometryType="VXVYVZ">')
    for axis, n in enumerate(tree.block):
        where = f"{number} 0 1 1 1 {n + 1}"
        lines.append(
            _slab(where, 2, f"{tree.nblock} {n + 1}", f"1 {n + 1}", f"{name}:/x{axis + 1}f", 8)
        )
    lines.append("</Geometry>")
    for dataset, variables in groups.items():
        for index, variable in enumerate(variables):
            where = f"{index} {number} 0 0 0 1 1 1 1 1 1 1 {n3} {n2} {n1}"
            full = f"{len(variables)} {tree.nblock} {n3} {n2} {n1}"
            lines.append(f'<Attribute Name="{escape(variable.file_name)}" Center="Cell">')
            lines.append(_slab(where, 5, full, f"{n3} {n2} {n1}", f"{name}:/{dataset}", size))
            lines.append("</Attribute>")
    lines.append("</Grid>")
    return "\n".join(lines)


def _slab(where, rank, full, shape, source, size):
    """Return the item that takes the hyperslab `where` (start, stride, count) out of the array
    `source` of shape `full`."""
    kind = f'NumberType="Float" Precision="{size}"'
    return (
        f'<DataItem ItemType="HyperSlab" Dimensions="{shape}" {kind}>'
        f'<DataItem Dimensions="3 {rank}" NumberType="Int">{where}</DataItem>'
        f'<DataItem Dimensions="{full}" {kind} Format="HDF">{escape(source)}</DataItem></DataItem>'
    )
