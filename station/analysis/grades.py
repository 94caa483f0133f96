"""Which products are one to a driver, and which of them is the dearer grade?"""

import pandas as pd

from station.model import Fuel

PETROL = r"^G(\d{2,3})$"
"""The code of a petrol names its octane number."""
ONE_POOL = (Fuel.DIESEL.value, Fuel.GAS.value, Fuel.ELECTRIC.value, Fuel.OTHER.value)
"""Families in which a change of product is the season's or the station's, not the driver's."""


def grades(products: pd.DataFrame) -> pd.DataFrame:
    """Return product_id, product_group (from 1) and octane (0: none) of each fuel.

    Petrols stand alone; all diesels are one group, so that a winter grade is no change at all.

    Args:
        products: (product_id, code, fuel) of every product.
    """
    fuels = products[products["fuel"] != Fuel.NONE.value]
    octane = fuels["code"].astype("str").str.extract(PETROL, expand=False).astype("float64")
    pool = fuels["fuel"].where(fuels["fuel"].isin(ONE_POOL), fuels["code"])
    group, _ = pd.factorize(pool, sort=True)
    frame = pd.DataFrame(
        {"product_id": fuels["product_id"], "product_group": group + 1, "octane": octane.fillna(0)}
    )
    return frame.astype("int64").reset_index(drop=True)
